"""What binds the builders of a resource to a client: on the class they build requests, on an instance they send them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from .errors import ArgumentError, Problem
from .request import Page, Request
from .unset import UNSET

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .async_paging import AsyncPager
    from .client import Client
    from .paging import Pager

P = ParamSpec("P")
T = TypeVar("T")


class Resource:
    """Base of the generated resource classes: the methods of one resource, bound to a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"


class AsyncResource:
    """As :class:`Resource`, bound to an asynchronous client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"


class call(Generic[P, T]):  # noqa: N801 - reads as a verb where it is used
    """Binds a builder to the client that owns the resource.

    On the class it is the builder itself (``Tasks.create(...)`` is a :class:`Request`); on an instance it sends; on an
    instance of an asynchronous resource it is awaited.
    """

    def __init__(self, builder: Callable[P, Request[T]]) -> None:
        self._builder = builder
        self._name = builder.__name__
        self.__doc__ = builder.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[P, Request[T]]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, instance: AsyncResource, owner: type[Any]
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource | AsyncResource | None, owner: type[Any]) -> Any:
        builder = self._builder
        if instance is None:
            return builder
        client: Any = instance._client

        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.send(_built(builder, *args, **kwargs))

        template = "{}" if isinstance(instance, Resource) else "Coroutine[Any, Any, {}]"
        return _bind(instance, self._name, bound, builder, "Request", template)


class pages(Generic[P, T]):  # noqa: N801 - reads as a verb where it is used
    """As :class:`call`, for lists: on an instance it returns a :class:`Pager`."""

    def __init__(self, builder: Callable[P, Request[Page[T]]]) -> None:
        self._builder = builder
        self._name = builder.__name__
        self.__doc__ = builder.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Callable[P, Request[Page[T]]]: ...
    @overload
    def __get__(self, instance: Resource, owner: type[Any]) -> Callable[P, Pager[T]]: ...
    @overload
    def __get__(self, instance: AsyncResource, owner: type[Any]) -> Callable[P, AsyncPager[T]]: ...
    def __get__(self, instance: Resource | AsyncResource | None, owner: type[Any]) -> Any:
        builder = self._builder
        if instance is None:
            return builder
        client: Any = instance._client
        pager: Any
        if isinstance(instance, Resource):
            from .paging import Pager

            pager = Pager
        else:
            from .async_paging import AsyncPager

            pager = AsyncPager

        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            # Report a wrong argument now, not at the first row.
            first = _built(builder, *args, **kwargs)
            if client.options.validate:
                problems = first.endpoint.problems(first.values)
                if problems:
                    raise ArgumentError.of(problems, first.method)

            return pager(client, first.at_page)

        template = "Pager[{}]" if isinstance(instance, Resource) else "AsyncPager[{}]"
        return _bind(instance, self._name, bound, builder, "Request[Page", template)


def _built(builder: Callable[P, Request[T]], *args: P.args, **kwargs: P.kwargs) -> Request[T]:
    """The request; arguments that the builder does not take become one error with all that is wrong with the call."""
    try:
        return builder(*args, **kwargs)
    except TypeError as error:
        if isinstance(error, ArgumentError):
            raise
        raise _misfit(builder, args, kwargs) or error from None


def _misfit(
    builder: Callable[..., Request[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> ArgumentError | None:
    """What is wrong with arguments that do not fit the builder's signature; None where that is not it."""
    known = inspect.signature(builder).parameters
    names = list(known)
    if len(args) > sum(item.kind is not item.KEYWORD_ONLY for item in known.values()):
        return None
    given = {**dict(zip(names, args, strict=False))}
    if any(name in given for name in kwargs):
        return None
    given.update(kwargs)
    strange = {name: given.pop(name) for name in kwargs if name not in known}
    missing = [
        name for name, item in known.items() if item.default is item.empty and name not in given
    ]
    if not strange and not missing:
        return None
    from .validation import not_known

    problems = [Problem(name, not_known(name, names)) for name in strange]
    method = builder.__name__
    try:
        request = builder(**given, **dict.fromkeys(missing, UNSET))
    except ArgumentError as error:
        problems += error.problems
        method = error.method or method
    else:
        problems += request.endpoint.problems(request.values)
        method = request.method
    return ArgumentError.of(tuple(problems), method)


def _bind(
    instance: Resource | AsyncResource,
    name: str,
    bound: Callable[..., Any],
    builder: Callable[..., Any],
    outer: str,
    template: str,
) -> Callable[..., Any]:
    """Give a bound method the name, signature and documentation of its builder, and keep it on the instance.

    The return type of the builder is ``outer`` around what the method returns; ``template`` says what is around it here.
    """
    annotation = str(builder.__annotations__.get("return", ""))
    opening = outer.count("[") + 1
    returns = template.format(annotation[len(outer) + 1 : -opening])
    bound.__name__ = name
    bound.__qualname__ = f"{type(instance).__qualname__}.{name}"
    bound.__module__ = builder.__module__
    bound.__doc__ = builder.__doc__
    bound.__annotations__ = {**builder.__annotations__, "return": returns}
    bound.__wrapped__ = builder  # type: ignore[attr-defined]
    bound.__signature__ = inspect.signature(builder).replace(  # type: ignore[attr-defined]
        return_annotation=returns
    )
    instance.__dict__[name] = bound  # found before the descriptor from now on
    return bound
