"""Why an output is not what a build would make."""
