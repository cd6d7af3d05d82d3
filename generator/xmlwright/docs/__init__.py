"""The documentation site: HTML pages, Markdown pages and a single file, with samples that ran.

``describe -> render -> publish``: :mod:`.describe` turns the description into page values, :mod:`.html`, :mod:`.markdown`,
:mod:`.search` and :mod:`.single` turn page values into text, :mod:`.site` drives them. The templates lie in ``templates/``
here, and not beside those of the client: that tree mirrors the client's output file by file, and is the user's to replace.
"""
