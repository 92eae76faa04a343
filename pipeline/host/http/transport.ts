import type { Agent } from 'node:http';
import type { Sending } from './content.ts';

/** A request as it leaves, without redirects and limits. */
export interface Outgoing {
  method: string;
  headers: Record<string, string>;
  sending: Sending | undefined;
  agent: Agent;
  /** Whether the answer may be compressed; what comes out is unpacked. */
  compressed: boolean;
  signal: AbortSignal;
}

export interface Incoming {
  status: number;
  statusText: string;
  headers: { get(name: string): string | null };
  body: NodeJS.ReadableStream | null;
}

/** One request and the head of its answer. @throws HttpError for every fault of the network */
export type Transport = (url: URL, outgoing: Outgoing) => Promise<Incoming>;

/** Bytes that are read ahead of whoever takes the answer. */
export const AHEAD = 256 << 10;
