import { BlockList, isIP } from 'node:net';

/**
 * Whether a list such as `no_proxy` names the host of a URL. As curl reads it: names with all names below them, with or without
 * a leading dot; addresses and networks (`10.0.0.0/8`); blanks or commas between them; the port of the URL does not matter.
 * Besides what curl takes: `*` anywhere, `*.example.com`, `HOST:PORT` for that port alone, and IPv6 in any spelling and as a
 * network, which curl documents and 7.88 compares as text.
 */
export function namesHost(list: string, url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    // A bare IPv6 address has more colons than one, and no port.
    const [, name, ofPort] = /^(\[[^\]]*\](?:\/\d+)?|[^:]*):(\d+)$/.exec(entry) ?? ['', entry];
    if (ofPort !== undefined && Number(ofPort) !== port) return false;
    return isIP(host)
      ? namesAddress(name!.replace(/[[\]]/g, ''), host)
      : namesName(name!.toLowerCase(), host);
  });
}

function namesName(entry: string, host: string): boolean {
  const name = entry
    .replace(/^\*(?=\.)/, '')
    .replace(/\.$/, '')
    .replace(/^\./, '');
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

/** An address, or a network; `/0` and what is not a number leave the address alone, as curl has it. */
function namesAddress(entry: string, host: string): boolean {
  const slash = entry.indexOf('/');
  const network = slash < 0 ? entry : entry.slice(0, slash);
  const family = isIP(host);
  if (isIP(network) !== family) return false;
  const most = family === 4 ? 32 : 128;
  const bits = (slash < 0 ? 0 : Number.parseInt(entry.slice(slash + 1), 10)) || most;
  if (bits < 0 || bits > most) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, bits, type);
  return block.check(host, type);
}
