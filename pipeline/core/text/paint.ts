/** The properties of a stream: its width, and the colours in use; with colour off each is the identity. */
export interface Paint {
  readonly on: boolean;
  /** Columns that a line may take; Infinity where no terminal reads it. */
  readonly width: number;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

const sgr = (open: number, close: number) => (text: string) => `\x1b[${open}m${text}\x1b[${close}m`;
const same = (text: string) => text;

/** @param width of the terminal; without one nothing is wrapped or cut */
export function paint(color: boolean, width = Number.POSITIVE_INFINITY): Paint {
  return color
    ? {
        on: true,
        width,
        bold: sgr(1, 22),
        dim: sgr(2, 22),
        red: sgr(31, 39),
        green: sgr(32, 39),
        yellow: sgr(33, 39),
        cyan: sgr(36, 39),
      }
    : { on: false, width, bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
}

/** Whether a stream takes colours: FORCE_COLOR and NO_COLOR decide before the terminal does. */
export function wantsColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

/** Columns of a stream's terminal; Infinity where it is none, so that nothing is cut in a file or a pipe. */
export function widthOfStream(stream: { isTTY?: boolean; columns?: number }): number {
  return stream.isTTY === true ? stream.columns || 80 : Number.POSITIVE_INFINITY;
}
