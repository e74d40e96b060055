"""Small servers that speak the protocols of the OwnTracks Recorder and of Tile38 and take the options that they take.
They stop at whatever the real ones would not understand.

    python -m tests.contract.bench.standins recorder|tile38 OPTIONS
"""

import argparse
import asyncio
import sys
from pathlib import Path

import msgspec


class Location(msgspec.Struct, tag_field="_type", tag="location"):
    """What the Recorder keeps."""

    tst: int
    lat: float
    lon: float


async def recorder(options: list[str]) -> None:
    """Takes locations at /pub, a file for each user and device; the answer is in chunks, as mongoose sends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--storage", type=Path, required=True)
    parser.add_argument("--initialize", action="store_true")
    parser.add_argument("--norevgeo", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--port", type=int, choices=[0])  # Any other would look for an MQTT broker.
    parser.add_argument("--http-host")
    parser.add_argument("--http-port", type=int)
    parser.add_argument("--doc-root", type=Path)
    parser.add_argument("topics", nargs="*")
    asked = parser.parse_args(options)
    if asked.initialize:
        (asked.storage / "ghash").mkdir(parents=True)
        return
    if not (asked.storage / "ghash").is_dir() or not asked.doc_root.is_dir() or not asked.topics:
        sys.exit("not initialized, no pages, or no topic")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            line, *headers = head.split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in headers)}
            body = await reader.readexactly(int(fields["content-length"]))
            if line != "POST /pub HTTP/1.1":
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            msgspec.json.decode(body, type=Location)
            with (asked.storage / f"{fields['x-limit-u']}-{fields['x-limit-d']}.rec").open("ab") as file:
                file.write(body + b"\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")
        writer.close()

    await _forever(await asyncio.start_server(serve, asked.http_host, asked.http_port))


async def tile38(options: list[str]) -> None:
    """Takes SET with fields and a point, and SETCHAN; whatever else is an error, as it is there."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", dest="host")
    parser.add_argument("-p", dest="port", type=int)
    parser.add_argument("-d", dest="folder", type=Path)
    parser.add_argument("-q", action="store_true")
    asked = parser.parse_args(options)
    fences: set[str] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await _command(reader):
            writer.write(_answered(words, fences))
        writer.close()

    await _forever(await asyncio.start_server(serve, asked.host, asked.port))


def _answered(words: list[str], fences: set[str]) -> bytes:
    match words:
        case ["SETCHAN", name, "NEARBY", _, "FENCE", "DETECT", _, "MATCH", device, "POINT", lat, lon, radius]:
            assert float(radius) > 0
            assert -90 <= float(lat) <= 90 <= float(lon) <= 180
            fences.add(device)
            return b":1\r\n" if name == f"home-{device.removeprefix('d')}" else b"-ERR invalid name\r\n"
        case ["SET", _, device, *fields, "POINT", lat, lon] if device in fences:
            assert all(word == "FIELD" for word in fields[::3])
            assert [float(word) for word in (*fields[2::3], lat, lon)]
            return b"+OK\r\n"
    return b"-ERR wrong number of arguments\r\n"


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
    except asyncio.IncompleteReadError:
        return ""


async def _command(reader: asyncio.StreamReader) -> list[str]:
    """The words of one command in the Redis protocol; none at the end."""
    first = await reader.readline()
    if not first:
        return []
    assert first[:1] == b"*"
    words = []
    for _ in range(int(first[1:])):
        length = await reader.readline()
        assert length[:1] == b"$"
        word = await reader.readexactly(int(length[1:]) + 2)
        assert word.endswith(b"\r\n")
        words.append(word[:-2].decode())
    return words


async def _forever(server: asyncio.Server) -> None:
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run({"recorder": recorder, "tile38": tile38}[sys.argv[1]](sys.argv[2:]))
