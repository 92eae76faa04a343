import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkoutProblem } from '../../../pipeline/install/render/checkout.ts';

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'checkout-')), 'packer maas');
});
afterEach(() => rmSync(dirname(dir), { recursive: true, force: true }));

const COMMIT = 'fdc5d72ce12f044de64385cfd3db709a2df7b11f';
const CLONE = (at: string) =>
  `git clone https://github.com/DeepOps/packer-maas.git '${at}' && git -C '${at}' checkout ${COMMIT}`;
const FILE = 'dgxos5/dgxos5.json';

/** Files below the folder; `git` makes it a clone with this remote. */
function holds(files: string[], git?: { url?: string; head?: string; branch?: string }): void {
  const write = (name: string, text = '') => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  };
  for (const name of files) write(name);
  if (!git) return;
  write('.git/HEAD', git.branch ? `ref: refs/heads/${git.branch}\n` : `${git.head ?? COMMIT}\n`);
  if (git.branch && git.head) write(`.git/refs/heads/${git.branch}`, `${git.head}\n`);
  write(
    '.git/config',
    `[remote "origin"]\n\turl = ${git.url ?? 'https://github.com/DeepOps/packer-maas.git'}\n`,
  );
}

describe('the folder in place of the checkout, and the expected one', () => {
  it('nothing', async () => {
    expect(await checkoutProblem(dir, FILE)).toEqual({
      found: `packer-maas is not checked out: there is no ${dir}; expected is DeepOps/packer-maas at fdc5d72`,
      fix: CLONE(dir),
    });
  });

  it('an empty folder, as of a submodule that was not fetched', async () => {
    mkdirSync(dir);
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: expect.stringContaining(`${dir} is empty;`),
      fix: CLONE(dir),
    });
  });

  it('a file, at its place or above', async () => {
    writeFileSync(dir, '');
    for (const at of [dir, join(dir, 'deeper')])
      expect(await checkoutProblem(at, FILE)).toMatchObject({
        found: expect.stringContaining(`${dir} is a file, not a folder;`),
        fix: `mv '${dir}' '${dir}.old' && ${CLONE(at)}`,
      });
  });

  it("Canonical's packer-maas, by its remote or by what it holds", async () => {
    const files = ['Makefile', 'scripts/fuse-nbd', 'ubuntu/packages', 'rocky9/x', 'centos7/x'];
    holds(files);
    expect((await checkoutProblem(dir, FILE)).found).toContain(
      `${dir} is a packer-maas without dgxos5 (Makefile, centos7, rocky9, scripts, …); expected is DeepOps`,
    );
    holds(files, { url: 'git@github.com:canonical/packer-maas.git', branch: 'main', head: 'a'.repeat(40) });
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: `${dir} (branch main) is a clone of git@github.com:canonical/packer-maas.git, which has no ${FILE}; expected is DeepOps/packer-maas at fdc5d72`,
      fix: `mv '${dir}' '${dir}.old' && ${CLONE(dir)}`,
    });
  });

  it('a password in the address of a remote is not shown', async () => {
    holds(['Makefile'], { url: 'https://me:hush@github.com/canonical/packer-maas' });
    expect((await checkoutProblem(dir, FILE)).found).not.toContain('hush');
  });

  it('a clone that was cut off, with a branch that points to nothing or no HEAD', async () => {
    holds([], { branch: 'master' });
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: expect.stringContaining('is an unfinished clone;'),
      fix: expect.stringMatching(/^mv /),
    });
    writeFileSync(join(dir, '.git/HEAD'), '');
    expect((await checkoutProblem(dir, FILE)).found).toContain('an unfinished clone');
  });

  it('a clone without its files, on another branch, or with a file removed', async () => {
    holds([], {});
    const checkOut = `git -C '${dir}' checkout -f ${COMMIT}`;
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: expect.stringContaining('(commit fdc5d72) is a clone without a checked-out file'),
      fix: checkOut,
    });
    holds(['README.md'], { branch: 'old', head: 'b'.repeat(40) });
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: expect.stringContaining('(branch old) has no dgxos5'),
      fix: `git -C '${dir}' fetch origin && ${checkOut}`,
    });
    holds(['dgxos5/README.md']);
    expect(await checkoutProblem(dir, FILE)).toMatchObject({
      found: expect.stringContaining(`has dgxos5, but no ${FILE}`),
      fix: checkOut,
    });
  });

  it('something else, cloned or not', async () => {
    holds(['src/index.js', 'README.md']);
    expect((await checkoutProblem(dir, FILE)).found).toContain(
      'does not contain packer-maas, but README.md, src;',
    );
    holds([], { url: 'https://example.com/other.git' });
    expect((await checkoutProblem(dir, FILE)).found).toContain(
      'is a clone of https://example.com/other.git;',
    );
  });
});
