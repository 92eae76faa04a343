import { STATUS_CODES } from 'node:http';
import { html, type Reply } from './reply.ts';

/** nginx' default of client_max_body_size is not what MAAS ships: 10 MiB, and 200 GiB for the streaming door of 3.8. */
const LIMIT = 10_485_760;
const STREAM_LIMIT = 200 * 2 ** 30;

/** The longest body behind MAAS' own nginx, in bytes. */
export function bodyLimit(path: string): number {
  return path.startsWith('/MAAS/a/v3/custom_images') ? STREAM_LIMIT : LIMIT;
}

const NAMES: Record<number, string> = {
  408: 'Request Time-out',
  413: 'Request Entity Too Large',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** An error page as nginx writes it. */
export function errorPage(status: number, headers?: Record<string, string>): Reply {
  const title = `${status} ${NAMES[status] ?? STATUS_CODES[status] ?? 'Error'}`;
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '<hr><center>nginx</center>',
    '</body>',
    '</html>',
    '',
  ];
  const page = html(status, lines.join('\r\n'), headers);
  return { ...page, headers: { ...page.headers, 'content-type': 'text/html' } };
}
