import { type Mutant, mutantsOf } from '../mutant.ts';

const RULE = ['test/unit/render/layer.test.ts'];
const STORE = ['test/contract/layers/store.test.ts'];
const BUILD = ['test/contract/namespace/build.test.ts'];

/** Guards of the root that is kept for other builds, and of the one that is used. */
export const LAYERS: readonly Mutant[] = [
  ...mutantsOf('pipeline/install/namespace/curtin.ts', RULE, {
    'a-stage-in-between': ['if (stage !== undefined) return', 'if (false) return'],
    'an-extraction-of-its-own': [
      "if (section !== undefined && LAYERED_STAGES.includes(section.replace('_commands', '')))",
      'if (false)',
    ],
    'a-source-from-elsewhere': ['if (source) return', 'if (false) return'],
    'a-disk-image': ["['tgz', 'tbz', 'txz'].includes(String(type))", 'true'],
    'a-command-outside': ['if (outside !== undefined) return', 'if (false) return'],
    'a-shell-line': [
      "Array.isArray(command) && command.slice(0, IN_TARGET.length).join(' ') === IN_TARGET.join(' ')",
      "[command].flat().join(' ').startsWith('curtin in-target --')",
    ],
    'another-target': ["=== IN_TARGET.join(' ')", "!== ''"],
    'steps-go-on-after-a-failure': ['sh -c "$2" || exit;', 'sh -c "$2";'],
    "a-user's-commands-as-they-are": ['key < HYGIENE ? null : ', ''],
    'a-late-command-too-late': ['return late === undefined ? null', 'return true ? null'],
    'files-written-twice': ['const { write_files: _, ...rest }', 'const { write_file: _, ...rest }'],
    'secrets-in-the-layer': ["'sh', `.${saved}`]", "'sh', './none']"],
    "the-medium's-part-counts": [
      'JSON.stringify([{ ...config, late_commands: medium }, keep])',
      'JSON.stringify([medium, keep])',
    ],
    "the-user's-part-does-not": [
      'JSON.stringify([{ ...config, late_commands: medium }, keep])',
      'JSON.stringify([{ ...config, late_commands: { ...medium, ...ours } }, keep])',
    ],
    'left-mounted': ["unmount: 'disabled',", '', 'test/unit/render/namespace.test.ts'],
    'a-log-in-the-image': [
      "save_install_log: '/run/curtin-install.log',",
      '',
      'test/unit/render/namespace.test.ts',
    ],
  }),
  ...mutantsOf('pipeline/install/namespace/layer-store.ts', STORE, {
    'a-link-to-a-folder': ["if (!there.isDirectory()) return 'it is not a folder';", ''],
    'a-link-to-a-file': ["if (!(await lstat(root)).isFile()) return 'its root.tar is not a file';", ''],
    'of-another-key': ['if (said?.key !== key) return', 'if (!said) return'],
    'cut-off': ['if (found.bytes !== said.bytes)', 'if (false)'],
    'other-bytes': ['if (found.sha256 !== said.sha256) return', 'if (false) return'],
    'touched-since': ['if (state === said.seen) return null;', 'return null;'],
    'the-boot': ["thisProcess().place?.split(' ')[0] ?? ''", "''"],
    'damaged-one-goes': [
      '  await removeLayer(folder).catch(() => {});\n  return undefined;',
      '  return undefined;',
    ],
    'used-is-noted': ['await utimes(layerFiles(folder).record, now, now).catch(() => {});', ''],
    'too-large': ['if (bytes > most) return', 'if (false) return'],
    'the-first-of-two': ["code === 'ENOTEMPTY' || code === 'EEXIST'", 'false'],
    'nothing-unfinished': ['  } finally {\n    await removeLayer(folder).catch(() => {});', '  } finally {'],
    'space-by-use': ['.sort((a, b) => b.usedAt - a.usedAt)', ''],
    'space-is-made': ['if (sum > most && one.key !== kept)', 'if (false)'],
    'of-a-living-build': ['leftOver: ended ?? age > LEFT_OVER_MS', 'leftOver: true'],
    'of-a-killed-build': ['leftOver: ended ?? age > LEFT_OVER_MS', 'leftOver: age > LEFT_OVER_MS'],
    'of-another-host': ['leftOver: ended ?? age > LEFT_OVER_MS', 'leftOver: ended ?? false'],
    'an-interruption-is-one': [
      '    if (signal.aborted) throw interrupted(signal);\n    const { code }',
      '    const { code }',
    ],
  }),
  ...mutantsOf('pipeline/install/namespace/layer.ts', BUILD, {
    'a-refusal': ["if ('refusal' in rule) {", "if ('none' in rule) {"],
    'a-cache-that-cannot-be-written': [
      "    say('warning', `No layer can be kept in ${cache}: ${(error as Error).message}`);\n    return NONE;",
      '    throw error;',
    ],
  }),
  ...mutantsOf('pipeline/install/namespace/build.ts', BUILD, {
    'a-layer-that-goes': ['if (plan.from === null || signal.aborted ||', 'if (true ||'],
    'kept-by-a-failed-build': ['  } finally {\n    await plan.settle();\n  }', '  }'],
  }),
  ...mutantsOf('pipeline/install/namespace/run.ts', BUILD, {
    'full-disk': ['if (/No space left on device/.test(', 'if (/No such word/.test('],
    'time-limit': ['if (timedOut)', 'if (false)'],
    'a-root-of-a-failed-build': ['    await rm(partialRoot, { force: true });\n', ''],
  }),
  ...mutantsOf('pipeline/host/namespaces.ts', ['test/unit/host/namespaces.test.ts'], {
    'no-newuidmap': ['if (/failed to execute new[ug]idmap/.test(said))', 'if (false)'],
    'no-range': ['if (/\\/etc\\/sub[ug]id/.test(said))', 'if (false)'],
    'a-small-range': ['if (least >= IDS)', 'if (true)'],
    'switched-off-for-users': ["if (clone === '0')", 'if (false)'],
    'switched-off': ["if (most === '0')", 'if (false)'],
    'restricted-by-apparmor': ["if (appArmor === '1')", 'if (false)'],
    'profile-of-unshare': ['if (profile)', 'if (false)'],
    'an-old-unshare': ['if (/unrecognized option.*map-auto/.test(said))', 'if (false)'],
  }),
];
