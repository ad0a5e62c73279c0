"""BigQuery types and values as the protocol buffers of Google's implementation, and as JSON.

In JSON a DATE is "2025-01-31", a TIMESTAMP "2025-01-31T12:00:00Z", DATETIME and TIME likewise without zone, NUMERIC text, BYTES base64,
JSON its text, a STRUCT a list or an object (absent fields are null), and a float that JSON lacks "NaN", "Infinity" or "-Infinity".
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import math
import re
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2, value_pb2

# What type names mean. The first name of a kind is the one that is printed.
KINDS: dict[str, int] = {
    "BOOL": type_pb2.TYPE_BOOL,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "STRING": type_pb2.TYPE_STRING,
    "BYTES": type_pb2.TYPE_BYTES,
    "DATE": type_pb2.TYPE_DATE,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
    "DATETIME": type_pb2.TYPE_DATETIME,
    "TIME": type_pb2.TYPE_TIME,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "BIGNUMERIC": type_pb2.TYPE_BIGNUMERIC,
    "JSON": type_pb2.TYPE_JSON,
    "BOOLEAN": type_pb2.TYPE_BOOL,
    "INTEGER": type_pb2.TYPE_INT64,
    "FLOAT": type_pb2.TYPE_DOUBLE,
}
NAMES: dict[int, str] = {kind: name for name, kind in reversed(KINDS.items())}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
# NUMERIC and BIGNUMERIC travel as integers of this unit.
SCALE = {type_pb2.TYPE_NUMERIC: decimal.Decimal(10**9), type_pb2.TYPE_BIGNUMERIC: decimal.Decimal(10**38)}
EXACT = decimal.Context(prec=120)


def parse_type(text: str) -> type_pb2.TypeProto:
    """A BigQuery type name, such as `ARRAY<STRUCT<key STRING, value INT64>>`, as a TypeProto. Raises ValueError."""
    tokens = re.findall(r"`[^`]+`|[A-Za-z_][A-Za-z0-9_-]*|[<>,]", text)
    tokens.reverse()

    def take(expected: str | None = None) -> str:
        token = tokens.pop() if tokens else "nothing"
        if expected and token != expected:
            raise ValueError(f"type {text!r}: expected {expected}, found {token}")
        return token

    def one() -> type_pb2.TypeProto:
        word = take().upper()
        out = type_pb2.TypeProto()
        if word == "ARRAY":
            take("<")
            out.type_kind = type_pb2.TYPE_ARRAY
            out.array_type.element_type.CopyFrom(one())
            take(">")
        elif word in ("STRUCT", "RECORD"):
            out.type_kind = type_pb2.TYPE_STRUCT
            take("<")
            while True:
                field = out.struct_type.field.add()
                field.field_name = take().strip("`")
                field.field_type.CopyFrom(one())
                if take() == ">":
                    break
        elif word in KINDS:
            out.type_kind = KINDS[word]
        else:
            raise ValueError(f"type {text!r}: {word} is unknown")
        return out

    return one()


def type_name(kind: type_pb2.TypeProto) -> str:
    """The type as BigQuery writes it."""
    if kind.type_kind == type_pb2.TYPE_ARRAY:
        return f"ARRAY<{type_name(kind.array_type.element_type)}>"
    if kind.type_kind == type_pb2.TYPE_STRUCT:
        fields = (f"{field.field_name} {type_name(field.field_type)}".strip() for field in kind.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return NAMES.get(kind.type_kind, f"type kind {kind.type_kind}")


def to_value(kind: type_pb2.TypeProto, value: Any) -> value_pb2.ValueProto:
    """A JSON value as a value of that type. Raises ValueError."""
    out = value_pb2.ValueProto()
    if value is None:
        return out
    k = kind.type_kind
    if k == type_pb2.TYPE_BOOL:
        out.bool_value = bool(value)
    elif k == type_pb2.TYPE_INT64:
        out.int64_value = int(value)
    elif k == type_pb2.TYPE_DOUBLE:
        out.double_value = float(value)
    elif k == type_pb2.TYPE_STRING:
        out.string_value = value
    elif k == type_pb2.TYPE_JSON:
        out.json_value = value if isinstance(value, str) else json.dumps(value)
    elif k == type_pb2.TYPE_DATE:
        out.date_value = (dt.date.fromisoformat(value) - dt.date(1970, 1, 1)).days
    elif k == type_pb2.TYPE_TIMESTAMP:
        stamp = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=dt.timezone.utc)
        micros = (stamp - EPOCH) // dt.timedelta(microseconds=1)
        out.timestamp_value.seconds, rest = divmod(micros, 1_000_000)
        out.timestamp_value.nanos = rest * 1000
    elif k == type_pb2.TYPE_DATETIME:
        moment = dt.datetime.fromisoformat(value)
        bits = ((moment.year << 4 | moment.month) << 5 | moment.day) << 17
        out.datetime_value.bit_field_datetime_seconds = bits | (moment.hour << 6 | moment.minute) << 6 | moment.second
        out.datetime_value.nanos = moment.microsecond * 1000
    elif k == type_pb2.TYPE_TIME:
        moment = dt.time.fromisoformat(value)
        out.time_value = ((moment.hour << 6 | moment.minute) << 6 | moment.second) << 30 | moment.microsecond * 1000
    elif k in SCALE:
        exact = EXACT.multiply(decimal.Decimal(str(value)), SCALE[k])
        scaled = int(exact.to_integral_value(decimal.ROUND_HALF_UP, EXACT))
        data = scaled.to_bytes((scaled.bit_length() + 8) // 8, "little", signed=True)
        setattr(out, "numeric_value" if k == type_pb2.TYPE_NUMERIC else "bignumeric_value", data)
    elif k == type_pb2.TYPE_BYTES:
        out.bytes_value = base64.b64decode(value)
    elif k == type_pb2.TYPE_ARRAY:
        out.array_value.SetInParent()
        for item in value:
            out.array_value.element.append(to_value(kind.array_type.element_type, item))
    elif k == type_pb2.TYPE_STRUCT:
        out.struct_value.SetInParent()
        for index, field in enumerate(kind.struct_type.field):
            item = value.get(field.field_name) if isinstance(value, dict) else value[index]
            out.struct_value.field.append(to_value(field.field_type, item))
    else:
        raise ValueError(f"no value of {type_name(kind)}")
    return out


def from_value(kind: type_pb2.TypeProto, value: value_pb2.ValueProto) -> Any:
    """A value of that type as JSON."""
    which = value.WhichOneof("value")
    if which is None:
        return None
    k = kind.type_kind
    if k == type_pb2.TYPE_DOUBLE:
        number = value.double_value
        return number if math.isfinite(number) else "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if k == type_pb2.TYPE_DATE:
        return (dt.date(1970, 1, 1) + dt.timedelta(days=value.date_value)).isoformat()
    if k == type_pb2.TYPE_TIMESTAMP:
        stamp = value.timestamp_value
        micros = stamp.seconds * 1_000_000 + stamp.nanos // 1000
        return (EPOCH + dt.timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
    if k == type_pb2.TYPE_DATETIME:
        bits, micros = value.datetime_value.bit_field_datetime_seconds, value.datetime_value.nanos // 1000
        fields = bits >> 26, bits >> 22 & 15, bits >> 17 & 31, bits >> 12 & 31, bits >> 6 & 63, bits & 63
        return dt.datetime(*fields, micros).isoformat()
    if k == type_pb2.TYPE_TIME:
        bits, micros = value.time_value >> 30, (value.time_value & (1 << 30) - 1) // 1000
        return dt.time(bits >> 12 & 31, bits >> 6 & 63, bits & 63, micros).isoformat()
    if k in SCALE:
        scaled = decimal.Decimal(int.from_bytes(getattr(value, which), "little", signed=True))
        return format(EXACT.divide(scaled, SCALE[k]).normalize(EXACT), "f")
    if k == type_pb2.TYPE_BYTES:
        return base64.b64encode(value.bytes_value).decode()
    if k == type_pb2.TYPE_ARRAY:
        return [from_value(kind.array_type.element_type, item) for item in value.array_value.element]
    if k == type_pb2.TYPE_STRUCT:
        fields = zip(kind.struct_type.field, value.struct_value.field)
        return [from_value(field.field_type, item) for field, item in fields]
    return getattr(value, which)
