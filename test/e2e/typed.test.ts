import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isoOf, loadRelease } from '../../pipeline/config/releases/load.ts';
import type { Event } from '../../pipeline/core/events/event.ts';
import { Fault } from '../../pipeline/core/faults/fault.ts';
import { buildRoot } from '../../pipeline/install/vm/build.ts';
import type { StageData } from '../../pipeline/stages/types.ts';
import { readRecord } from '../../pipeline/workspace/record.ts';
import { demoIso, demoWorkspace, running, start, type Workspace } from './demo.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = demoWorkspace(await demoIso(), { vm: { boot: 'typed' }, platform: 'demo2' });
});
afterAll(() => rmSync(workspace.dir, { recursive: true, force: true }));

describe('typed boot', () => {
  it('types its way through the GRUB menu to a checked artifact', async () => {
    const { code, stderr } = await start(workspace, ['build', 'demo']).ended;
    expect(code, stderr).toBe(0);
    expect(existsSync(join(workspace.work, 'demo/pack/demo.tar.gz'))).toBe(true);
    expect(await running(workspace.dir)).toEqual([]);
  });

  it('notices a command that was typed too fast, stops the VM and types again more slowly', async () => {
    const installer = structuredClone(isoOf(await loadRelease('demo')).liveCurtin!);
    // At 1 ms a key, characters are dropped silently.
    installer.typed.keyIntervalMs = 1;
    const record = (await readRecord<StageData['render']>(join(workspace.work, 'demo'), 'render'))!;
    const medium = (await readRecord<StageData['iso']>(join(workspace.work, 'demo'), 'iso'))!.data.medium;
    const dir = join(workspace.dir, 'mistyped');
    mkdirSync(dir);
    const stop = new AbortController();
    const events: Event[] = [];
    const build = buildRoot({
      rendered: record.data,
      medium: { iso: medium.path, kernel: null, initrd: null },
      packerVersion: record.data.packerVersion as string,
      accelerator: 'tcg',
      installer: 'live-curtin',
      architecture: 'amd64',
      pack: 'guest',
      typed: installer.typed,
      fetchWithinS: 30,
      installTimeoutS: record.data.installTimeoutS,
      headless: true,
      dir,
      emit(event) {
        events.push(event);
        // The second try is under way: what it comes to is the other test's matter.
        if (event.type === 'activity' && events.some((e) => e.type === 'notice'))
          stop.abort(new Fault('INTERRUPTED', 'seen enough'));
      },
      signal: stop.signal,
      env: {},
    });
    await expect(build).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'notice', message: expect.stringContaining('more slowly') }),
    );
    expect(await running(dir)).toEqual([]);
  });
});
