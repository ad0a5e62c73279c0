"""Google's local service of GoogleSQL, compiled to WebAssembly (PyPI `zetasql`): a request in, a response out, both protocol buffers."""

from __future__ import annotations

import ctypes
import os
from importlib.metadata import version
from typing import TypeVar

import wasmtime
from google.protobuf.message import Message
from zetasql.core.wasm_client import get_tzinfo_dir
from zetasql.wasi import get_wasm_path

Response = TypeVar("Response", bound=Message)


class GoogleSqlError(Exception):
    """What the analyzer or the reference implementation answered."""


def compiled_module(engine: wasmtime.Engine) -> wasmtime.Module:
    """The module, compiled once (15 s) and kept beside the package. A copy that another processor made is compiled anew."""
    source = get_wasm_path()
    kept = source.with_suffix(f".wasmtime-{version('wasmtime')}.cwasm")
    if kept.exists():
        try:
            return wasmtime.Module.deserialize_file(engine, str(kept))
        except wasmtime.WasmtimeError:
            pass
    module = wasmtime.Module.from_file(engine, str(source))
    fresh = kept.with_suffix(f".{os.getpid()}")
    try:
        fresh.write_bytes(module.serialize())
        fresh.replace(kept)
    except OSError:
        pass  # The folder can't be written: the next start compiles again.
    return module


class Service:
    """One instance of the service, with the catalogs that it was given."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.shared_memory = True
        engine = wasmtime.Engine(config)
        self.store = wasmtime.Store(engine)
        wasi = wasmtime.WasiConfig()
        wasi.inherit_stderr()
        if zoneinfo := get_tzinfo_dir():
            wasi.preopen_dir(zoneinfo, "/usr/share/zoneinfo")
        self.store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self.exports = linker.instantiate(self.store, compiled_module(engine)).exports(self.store)
        if "_initialize" in self.exports:
            self.exports["_initialize"](self.store)
        self.memory = self.exports["memory"]

    def _address(self, pointer: int) -> int:
        shared = isinstance(self.memory, wasmtime.SharedMemory)
        base = self.memory.data_ptr() if shared else self.memory.data_ptr(self.store)
        return ctypes.addressof(base.contents) + pointer

    def call(self, method: str, request: Message, response_type: type[Response]) -> Response:
        """The service's answer. Raises GoogleSqlError with its message."""
        data = request.SerializeToString()
        malloc, free = self.exports["wasm_malloc"], self.exports["wasm_free"]
        pointer, size_pointer = malloc(self.store, max(len(data), 1)), malloc(self.store, 8)
        try:
            ctypes.memmove(self._address(pointer), data, len(data))
            answer = self.exports["ZetaSqlLocalService_" + method](self.store, pointer, len(data), size_pointer)
            if answer == 0:
                size = self.exports["wasm_get_last_error_size"](self.store)
                text = ctypes.string_at(self._address(self.exports["wasm_get_last_error"](self.store)), size)
                raise GoogleSqlError(text.decode("utf-8", "replace"))
            size = int.from_bytes(ctypes.string_at(self._address(size_pointer), 4), "little")
            out = response_type.FromString(ctypes.string_at(self._address(answer), size))
            free(self.store, answer)
            return out
        finally:
            free(self.store, pointer)
            free(self.store, size_pointer)
