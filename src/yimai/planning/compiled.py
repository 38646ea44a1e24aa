"""How the simulation's functions are compiled, and how they are given what they work on.

A function is given *packed* arrays: one record with their addresses, sizes and some numbers. A model has a dozen arrays and a state as many; given
one by one they would be copied at each call, which took more time than all that was done with them. Compiled functions allocate nothing,
so nothing counts references to arrays either: whoever packs arrays keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.core import cgutils as untyped_cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array as untyped_populate
from numba.np.numpy_support import from_dtype

Given = ParamSpec("Given")
Found = TypeVar("Found")

_cgutils: Any = untyped_cgutils
_populate_array: Any = untyped_populate

Packed = Any
"""A record of addresses, sizes and numbers, as ``packed`` makes it."""


def compiled(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function in compiled code, cached, free of the interpreter's lock; it must not make arrays."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}
    return cast(Callable[Given, Found], cast(Any, njit)(**options)(function))


def packed(arrays: Mapping[str, Any], numbers: Mapping[str, float]) -> Packed:
    """A record with each array's address under its name, its ``…_size`` and, of two dimensions, its ``…_width``; and the numbers.

    The record does not keep the arrays alive.
    """
    fields: dict[str, Any] = {}
    for name, array in arrays.items():
        assert array.flags.c_contiguous, name
        fields |= {name: array.ctypes.data, f"{name}_size": array.shape[0]}
        if array.ndim > 1:
            fields[f"{name}_width"] = array.shape[1]
    fields |= numbers
    kinds = [(name, "f8" if isinstance(value, float) else "i8") for name, value in fields.items()]
    return np.array([tuple(fields.values())], kinds)[0]


def rows(field: str, dtype: np.dtype[Any], dimensions: int = 1) -> Callable[[Packed], Any]:
    """What compiled code calls to see the array of this name in what it is given."""

    def typing(_typing: Any, record: Any) -> Any:
        found = types.Array(from_dtype(dtype), dimensions, "C")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def number(name: str) -> Any:
                place = _cgutils.get_record_member(builder, arguments[0], record.offset(name), _cgutils.intp_t)
                return builder.load(place)

            width = dtype.itemsize
            shape = [number(f"{field}_size"), *([number(f"{field}_width")] if dimensions > 1 else [])]
            size = context.get_constant(types.intp, width)
            strides = [size] if dimensions == 1 else [builder.mul(shape[1], size), size]
            array = context.make_array(signature.return_type)(context, builder)
            element = context.get_data_type(signature.return_type.dtype)
            data = builder.inttoptr(number(field), element.as_pointer())
            _populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
            return array._getvalue()

        return found(record), generate

    return cast(Callable[[Packed], Any], intrinsic(typing))
