"""Size and cost of a connection in a `ConnectionBatch`: columns against one Avro record per connection.

Keys: batch_rows, bytes_per_connection, bytes_per_connection_rows, decode_us, decode_us_rows, decode_ratio.
"""

import io
import json
import random
import statistics
import timeit
from dataclasses import asdict
from typing import Any

import fastavro

from schemas.codec import codec
from schemas.records import Basis, Connection, ConnectionBatch, Connections, Protocol, Role

ROWS = 500
START = 1_800_000_000_000
_REPEATS = 7
_ROW_SCHEMA = fastavro.parse_schema(
    {
        "type": "array",
        "items": {
            "type": "record",
            "name": "Row",
            "fields": [
                {"name": "role", "type": {"type": "enum", "name": "R", "symbols": [role.value for role in Role]}},
                {"name": "basis", "type": {"type": "enum", "name": "B", "symbols": [basis.value for basis in Basis]}},
                {"name": "protocol", "type": {"type": "enum", "name": "P", "symbols": [one.value for one in Protocol]}},
                {"name": "local_address", "type": "bytes"},
                {"name": "remote_address", "type": "bytes"},
                {"name": "port", "type": "long"},
                {"name": "established", "type": "boolean"},
                {"name": "count", "type": "long"},
                {"name": "first_seen", "type": "long"},
                {"name": "last_seen", "type": "long"},
                {"name": "netns_cookie", "type": "long"},
                {"name": "pod_uid", "type": "string"},
            ],
        },
    }
)


def connections(seed: int) -> list[Connection]:
    """Connections as a node of 30 pods sees them in one interval, nearly all edges distinct."""
    chance = random.Random(seed)  # noqa: S311  a repeatable load, no secret
    pods = [(bytes([10, 1, 0, pod]), 4_000 + pod, f"{pod:08x}-0000-4000-8000-000000000000") for pod in range(1, 31)]
    return [_connection(chance, *chance.choice(pods)) for _ in range(ROWS)]


def _connection(chance: random.Random, address: bytes, cookie: int, uid: str) -> Connection:
    first = chance.randrange(5_000)
    return Connection(
        role=chance.choice((Role.CLIENT, Role.SERVER)),
        basis=Basis.CONNECT,
        protocol=Protocol.TCP,
        local_address=address,
        remote_address=bytes([10, 96, chance.randrange(4), chance.randrange(256)]),
        port=chance.choice((80, 443, 5432, 8080, 50051)),
        established=True,
        count=chance.randrange(1, 40),
        first_seen=START + first,
        last_seen=START + first + chance.randrange(5_000),
        netns_cookie=cookie,
        pod_uid=uid,
    )


def _plain(row: Connection) -> dict[str, Any]:
    return asdict(row) | {"role": row.role.value, "basis": row.basis.value, "protocol": row.protocol.value}


def _microseconds(call: Any) -> float:
    return statistics.median(timeit.repeat(call, number=20, repeat=_REPEATS)) / 20 / ROWS * 1e6


def main() -> None:
    """Measure both forms in one process and print the figures."""
    rows = connections(seed=1)
    batch = ConnectionBatch(
        "c", "n", "b", 1, 1_800_000_000_000, 1_800_000_005_000, Connections.of(rows, 1_800_000_000_000)
    )
    columns = codec(ConnectionBatch).encode(batch)
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, _ROW_SCHEMA, [_plain(row) for row in rows])
    by_row = buffer.getvalue()
    fast = _microseconds(lambda: codec(ConnectionBatch).decode(columns))
    slow = _microseconds(lambda: fastavro.schemaless_reader(io.BytesIO(by_row), _ROW_SCHEMA, None))
    figures = {
        "batch_rows": ROWS,
        "bytes_per_connection": round(len(columns) / ROWS, 1),
        "bytes_per_connection_rows": round(len(by_row) / ROWS, 1),
        "decode_us": round(fast, 3),
        "decode_us_rows": round(slow, 3),
        "decode_ratio": round(slow / fast, 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
