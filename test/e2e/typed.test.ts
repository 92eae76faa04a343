import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
