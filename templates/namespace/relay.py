# Rendered by dgxos-maas. In the live system: hands connections to 127.0.0.1:PORT on to a Unix socket, behind which dgxos-maas
# fetches from the archives; the network namespace itself has no other way out.
import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def relay(reader, writer):
    # A root that something was fetched for is kept as no layer.
    open('/run/build/archives-used', 'a').close()
    try:
        out_reader, out_writer = await asyncio.open_unix_connection(sys.argv[2])
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, out_writer), pump(out_reader, writer))


async def main():
    server = await asyncio.start_server(relay, '127.0.0.1', int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
