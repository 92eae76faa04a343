import { strip } from '../../parsers/quote-word.ts';

/** A stanza of apt_preferences(5) that forbids packages (below 0) or forces them, older ones too (above 1000). */
export interface Pin {
  file: string;
  line: number;
  /** Names and patterns as written. */
  packages: string[];
  priority: number;
}

const MOST_PINS = 100;
const MOST_PACKAGES = 50;

/** Pins far from the usual, of all files of preferences. */
export class AptPins {
  readonly found: Pin[] = [];

  read(file: string, text: string): void {
    let packages: string[] = [];
    let last = '';
    for (const [index, raw] of text.split('\n').entries()) {
      const line = strip(raw.slice(0, 4000));
      if (raw.startsWith('#') || line.startsWith('#')) continue;
      if (line === '') packages = [];
      const colon = line.indexOf(':');
      const continued = /^[ \t]/.test(raw);
      if (!continued) last = line.slice(0, Math.max(colon, 0)).toLowerCase();
      const value = strip(continued ? line : line.slice(colon + 1));
      if (last === 'package') packages.push(...value.split(/\s+/).filter(Boolean).slice(0, MOST_PACKAGES));
      if (last !== 'pin-priority' || continued || !/^[-+]?\d{1,6}$/.test(value)) continue;
      const priority = Number(value);
      if ((priority < 0 || priority > 1000) && this.found.length < MOST_PINS)
        this.found.push({ file, line: index + 1, packages: packages.map((p) => p.slice(0, 100)), priority });
    }
  }
}
