import { Readable } from 'node:stream';
import fetch, { FetchError } from 'node-fetch';
import { networkError } from './http-error.ts';
import { AHEAD, type Transport } from './transport.ts';

/** By node-fetch: for what may be anywhere on the net, and may lead elsewhere. */
export const byFetch: Transport = async (url, { sending, compressed, ...outgoing }) => {
  try {
    return await fetch(url, {
      ...outgoing,
      ...(sending ? { body: Readable.from(sending.slices, { objectMode: false }) } : {}),
      redirect: 'manual',
      compress: compressed,
      highWaterMark: AHEAD,
    });
  } catch (error) {
    throw networkError(error, error instanceof FetchError);
  }
};
