/** A room whose every comparison and guard is changed, by the name that --room takes. */
export interface Room {
  folders: readonly string[];
  /** A folder in them that is a room of its own. */
  except?: string;
  /** Folders of test/unit and test/contract that hold it: the others come past it, but are about something else. */
  tests: readonly string[];
}

export const ROOMS: Readonly<Record<string, Room>> = {
  image: {
    folders: ['pipeline/image'],
    except: 'pipeline/image/attest/',
    tests: ['checks', 'image', 'parsers', 'pack', 'diff', 'files', 'fuzz'],
  },
  upload: { folders: ['pipeline/maas/images'], tests: ['images', 'ledger', 'nightly'] },
  run: {
    folders: ['pipeline/stages/run', 'pipeline/workspace'],
    tests: ['run', 'stages', 'ledger', 'nightly'],
  },
  attest: { folders: ['pipeline/image/attest'], tests: ['attest', 'pack'] },
  accept: { folders: ['pipeline/maas/acceptance'], tests: ['acceptance'] },
};
