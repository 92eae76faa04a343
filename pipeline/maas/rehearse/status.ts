import type { PostedFile, StatusEvent } from './types.ts';

/** Bytes of a whole report: curtin's logs as base64 within JSON. A longer one is refused. */
export const LARGEST_STATUS = 32 << 20;
/** Of one report; curtin posts two. */
const MOST_FILES = 8;
const LONGEST_NAME = 200;
const LONGEST_TEXT = 4000;

/**
 * A report that the guest has posted, as MAAS reads it (`event_type`, `origin`, `name` and `description` are required). Everything in it is
 * foreign: it is bounded here, and escaped where it is shown.
 * @returns why it is refused, else
 */
export function readStatus(body: Buffer): StatusEvent | string {
  let said: unknown;
  try {
    said = JSON.parse(body.toString('utf8'));
  } catch {
    return 'The report is not JSON';
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return 'The report is not an object';
  const members = new Map<string, unknown>(Object.entries(said));
  const text = (name: string, most: number) => {
    const value = members.get(name);
    return typeof value === 'string' ? value.slice(0, most) : undefined;
  };
  const kind = text('event_type', LONGEST_NAME);
  const [origin, name] = [text('origin', LONGEST_NAME), text('name', LONGEST_NAME)];
  const description = text('description', LONGEST_TEXT);
  if (kind === undefined || origin === undefined || name === undefined || description === undefined)
    return 'The report is without event_type, origin, name or description';
  return {
    kind: kind === 'start' || kind === 'finish' ? kind : 'progress',
    ...{ name, description, origin },
    result: text('result', LONGEST_NAME) ?? null,
    files: filesOf(members.get('files')),
  };
}

function filesOf(files: unknown): PostedFile[] {
  if (!Array.isArray(files)) return [];
  return files.slice(0, MOST_FILES).flatMap((file): PostedFile[] => {
    const { path, content, encoding } = (file ?? {}) as Record<string, unknown>;
    if (typeof path !== 'string' || typeof content !== 'string') return [];
    const bytes = Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8');
    return [{ path: path.slice(0, LONGEST_NAME), content: bytes }];
  });
}
