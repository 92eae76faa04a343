import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { counted, NotCounted, resolved } from '../../../pipeline/workspace/fingerprint.ts';
import { type Everything, Example } from './example.ts';
import { tools } from './tools.ts';

vi.mock('../../../pipeline/host/process/tool.ts', async (original) => ({
  ...(await original<object>()),
  $: (await import('./tools.ts')).answer,
}));
vi.mock('../../../pipeline/host/process/version-output.ts', async () => ({
  versionOutput: (await import('./tools.ts')).answerOfVersion,
}));

type Id = 'sources' | 'render' | 'build';
type Change = (all: Everything, example: Example) => unknown;

const OTHER = 'd'.repeat(64);
const root: Change = ({ before }) => {
  before.sources.root.sha256 = OTHER;
};

/** Every member of what the stages of an image from archives declare, and a change of it; of the others in members.test.ts. */
const COUNTED: Record<Id, Record<string, Change>> = {
  sources: {
    root: ({ image }) => {
      image.archive.root.sha256 = OTHER;
    },
    repository: ({ image }) => {
      image.archive.repository.source = 'http://mirror/two.tgz';
    },
    architecture: ({ image }) => {
      image.resource.architecture = 'arm64/generic';
    },
  },
  render: {
    sources: (_, example) => example.file('one.txt', 'other'),
    architecture: ({ before }) => {
      before.sources.architecture = 'arm64';
    },
    packagesOfPlatform: ({ image }) => {
      image.platform = 'dgx_h100';
    },
    licence: ({ release }) => {
      release.licence = null;
    },
    hook: ({ release }) => {
      release.hook = null;
    },
    name: ({ image }) => {
      image.name = 'other';
    },
    packages: ({ image }) => {
      image.packages = ['gcc'];
    },
    lateCommands: ({ image }) => {
      image.lateCommands = {};
    },
    files: ({ image }) => {
      image.files[0]!.mode = '0644';
    },
  },
  build: {
    rendered: ({ before }) => {
      before.render.files[0]!.sha256 = OTHER;
    },
    root,
    lock: ({ image }, { dir }) => {
      image.archive.lock = join(dir, 'one.provenance.json');
    },
    repository: ({ before }) => {
      before.sources.repository.sha256 = OTHER;
    },
    architecture: ({ before }) => {
      before.sources.architecture = 'arm64';
    },
    tools: () => tools.set('tar', 'tar (GNU tar) 1.35'),
  },
};

const NOT_COUNTED: Record<Id, Record<string, Change>> = {
  sources: {
    keyring: ({ image }, example) => {
      image.archive.root.keyring = example.copy('one.gpg');
    },
    whole: ({ image }) => {
      image.archive.root.source = 'https://me:secret@mirror/root.tar.xz?token=1';
    },
    mirrors: ({ image }) => {
      image.mirrors = {};
    },
    cacheDir: ({ config }) => {
      config.cache = '/elsewhere';
    },
  },
  render: {},
  build: {
    folders: ({ before }) => {
      before.render.packerDir = '/elsewhere';
    },
    paths: ({ before }) => {
      before.sources.root.path = '/elsewhere/root.tar.xz';
    },
    mirrors: ({ image }) => {
      image.mirrors = {};
    },
    debs: ({ config }) => {
      config.cache = '/elsewhere';
    },
    installTimeoutS: ({ before }) => {
      before.render.installTimeoutS = 9;
    },
    origin: ({ image }) => {
      image.archive.root.source = '/elsewhere/two.tar.xz';
    },
  },
};

let example: Example;
afterEach(() => example.remove());

async function around(id: Id, change: Change): Promise<[object, object]> {
  example = new Example('archive');
  const first = await example.declaredBy(id, await example.load());
  const all = await example.load();
  await change(all, example);
  return [first, await example.declaredBy(id, all)];
}

describe.each(['sources', 'render', 'build'] as const)(
  'the inputs of %s for an image from archives',
  (id) => {
    it('is in these tables', async () => {
      example = new Example('archive');
      const declared = await example.declaredBy(id, await example.load());
      const names = [...Object.keys(COUNTED[id]), ...Object.keys(NOT_COUNTED[id])];
      expect(Object.keys(declared).sort()).toEqual(names.sort());
      const wrapped = Object.entries(declared).filter(([, value]) => value instanceof NotCounted);
      expect(wrapped.map(([name]) => name).sort()).toEqual(Object.keys(NOT_COUNTED[id]).sort());
    });

    it.each(Object.entries(COUNTED[id]))('runs it again by %s', async (name, change) => {
      const [first, second] = (await around(id, change)).map(counted);
      expect(second![name]).not.toEqual(first![name]);
    });

    it.each(Object.entries(NOT_COUNTED[id]))(
      'gives %s to the run, and does not count it',
      async (name, change) => {
        const [first, second] = await around(id, change);
        expect(counted(second)).toEqual(counted(first));
        const given = (declared: object) => (resolved(declared) as Record<string, unknown>)[name];
        expect(given(second)).not.toEqual(given(first));
      },
    );
  },
);

describe('nothing is begun', () => {
  const begun = (change: (all: Everything) => unknown, from: 'iso' | 'archive' = 'archive') =>
    (async () => {
      example = new Example(from);
      const all = await example.load();
      change(all);
      return example.declaredBy(from === 'iso' ? 'iso' : 'sources', all);
    })();

  it.each(['iso', 'archive'] as const)('without the licence, also from an ISO: %s', async (from) => {
    const refused = begun(({ image }) => {
      image.acceptEula = false;
    }, from);
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'LICENCE_NOT_ACCEPTED', exitCode: 3 },
      hint: expect.stringMatching(/https:\/\/docs\.nvidia\.com\/dgx\/.*accept_eula: true/),
    });
  });

  it('of a preview that was not asked for', async () => {
    const change = (preview: boolean) => (all: Everything) => {
      all.release.archive!.preview = true;
      all.image.preview = preview;
    };
    await expect(begun(change(false))).rejects.toMatchObject({
      ...{ code: 'CONFIG_INVALID', exitCode: 3 },
      hint: expect.stringContaining('preview: true'),
    });
    await expect(begun(change(true))).resolves.toBeTypeOf('object');
  });

  it.each(['vm', 'namespace'] as const)('in a way that needs a medium: %s', async (install) => {
    const refused = begun(({ image }) => {
      image.install = install;
    });
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
