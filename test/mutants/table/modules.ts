/** A module whose every comparison and guard is changed, by the name that --module takes. */
export interface Module {
  folders: readonly string[];
  /** A folder in them that is a module of its own. */
  except?: string;
  /** Folders of test/unit and test/contract that hold it: the others come past it, but are about something else. */
  tests: readonly string[];
}

export const MODULES: Readonly<Record<string, Module>> = {
  image: {
    folders: ['pipeline/image'],
    except: 'pipeline/image/attest/',
    tests: ['checks', 'image', 'parsers', 'pack', 'diff', 'files', 'fuzz'],
  },
  upload: { folders: ['pipeline/maas/images'], tests: ['images', 'ledger', 'nightly', 'cli'] },
  run: {
    folders: ['pipeline/stages/run', 'pipeline/workspace'],
    tests: ['run', 'stages', 'ledger', 'nightly'],
  },
  attest: { folders: ['pipeline/image/attest'], tests: ['attest', 'pack'] },
  accept: { folders: ['pipeline/maas/acceptance'], tests: ['acceptance'] },
};
