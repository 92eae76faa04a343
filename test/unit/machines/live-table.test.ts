import { describe, expect, test } from 'vitest';
import { paint } from '../../../pipeline/core/text/paint.ts';
import { MachineLines, machineLine } from '../../../pipeline/report/text/machine-lines.ts';
import { plainRenderer, terminalRenderer } from '../../../pipeline/report/text/renderer.ts';

const state = (machine: string, now: string, end?: 'ok' | 'failed', note?: string) =>
  ({
    type: 'machine-state',
    machine,
    state: now,
    ...(end ? { end } : {}),
    ...(note ? { note } : {}),
  }) as const;

describe('the table of a terminal', () => {
  test('has the sums, and those that have not ended', () => {
    const lines = new MachineLines();
    lines.show(state('gpu01', 'Deploying', undefined, 'Installing OS'), 5);
    lines.show(state('gpu02', 'Deploying'), 6);
    lines.show(state('gpu03', 'Deployed', 'ok'), 7);
    expect(lines.lines()).toEqual([
      { label: '1 of 3 machines done: 2 Deploying', since: 5 },
      { label: 'gpu01  Deploying       Installing OS', since: 5 },
      { label: 'gpu02  Deploying', since: 6 },
    ]);
    lines.show(state('gpu01', 'Failed deployment', 'failed'), 8);
    lines.show(state('gpu02', 'Deployed', 'ok'), 9);
    expect(lines.lines()).toEqual([]);
  });

  test('counts those that have not begun, and those that failed', () => {
    const lines = new MachineLines();
    lines.expect(9);
    lines.show(state('gpu01', 'Deploying'), 1);
    expect(lines.lines()[0]?.label).toBe('0 of 9 machines done: 1 Deploying');
    lines.show(state('gpu02', 'Failed deployment', 'failed'), 2);
    lines.show(state('gpu03', 'Deployed', 'ok'), 3);
    expect(lines.lines()[0]?.label).toBe('1 of 9 machines done, 1 failed: 1 Deploying');
  });

  test('keeps its columns below each other for names of wide characters', () => {
    const lines = new MachineLines();
    lines.show(state('日本', 'Deploying'), 1);
    lines.show(state('gpu02', 'Ready'), 2);
    expect(lines.lines().slice(1)).toMatchObject([{ label: '日本   Deploying' }, { label: 'gpu02  Ready' }]);
  });

  test('never has more lines than the terminal, which could not be erased again', async () => {
    let written = '';
    const stream = { write: (text: string) => (written += text), columns: 80, rows: 10 };
    const renderer = terminalRenderer(stream, paint(false), { verbose: false });
    for (let n = 0; n < 50; n += 1) renderer.show(state(`gpu${n}`, 'Deploying'));
    renderer.show(state('gpu0', 'Deployed', 'ok'));
    renderer.close();
    expect(written).toContain('✓ gpu0 ');
    expect(written.split('\n').length).toBeLessThanOrEqual(10);
  });
});

describe('without a terminal', () => {
  test('each change of state is one line; a note alone is none', () => {
    let written = '';
    const renderer = plainRenderer({ write: (text) => (written += text) }, paint(false), { verbose: false });
    renderer.show(state('gpu01', 'Deploying', undefined, 'Loading ephemeral'));
    renderer.show(state('gpu01', 'Deploying', undefined, 'Installing OS'));
    renderer.show(state('gpu01', 'Deployed', 'ok'));
    renderer.show(state('gpu02', 'Failed deployment', 'failed'));
    expect(written.trimEnd().split('\n')).toEqual([
      '▸ gpu01        Deploying (Loading ephemeral)',
      '✓ gpu01        Deployed',
      '✗ gpu02        Failed deployment',
    ]);
  });

  test('a note cannot play with the terminal', () =>
    expect(machineLine(state('gpu01', 'Deploying', undefined, '\u001b[2Jx\u0007'), paint(false))).toBe(
      '▸ gpu01        Deploying (x)',
    ));
});
