import { describe, expect, it } from 'vitest';
import type { ProbedSource } from '../../../pipeline/image/checks/probe-sources.ts';
import type { Severity } from '../../../pipeline/image/checks/types.ts';
import { goodRoot, judged, type Root } from './root.ts';

const LIST = 'etc/apt/sources.list.d/x.list';
const CONF = 'etc/apt/apt.conf.d/90x';

async function found(spoil: (root: Root) => unknown) {
  const root = goodRoot();
  spoil(root);
  const finding = (await judged(root)).findings.find((f) => f.id === 'apt-sources')!;
  return { finding, items: (finding.items ?? []).map((i) => [i.subject, i.severity]), text: finding.found };
}
const list = (line: string) => (r: Root) => r.put(LIST, `${line}\n`);
const conf = (text: string) => (r: Root) => r.put(CONF, text);
const stanza = (text: string) => (r: Root) =>
  r.put('etc/apt/sources.list.d/x.sources', `Types: deb\nSuites: s\nComponents: main\n${text}\n`);
const put = (path: string, text: string) => (r: Root) => r.put(path, text);

describe('apt-sources finds', () => {
  it.each<[string, (r: Root) => unknown, Severity, RegExp]>([
    ['a URI in quotes', list('deb "http://127.0.0.1/x" s main'), 'blocker', /127\.0\.0\.1 is the build/],
    ['localhost in capitals', list('deb http://LocalHost:8000/ s main'), 'blocker', /is the build machine/],
    ['IPv6', list('deb http://[::1]:3142/ s main'), 'blocker', /\[::1\] is the build/],
    ['a number for 127.0.0.1', list('deb http://2130706433/ s main'), 'blocker', /is the build machine/],
    ["QEMU's user network", list('deb http://10.0.2.2:8080/ s main'), 'blocker', /10\.0\.2\.2 is the build/],
    ["Docker's bridge", list('deb http://172.17.0.1/ s main'), 'blocker', /172\.17\.0\.1 is the build/],
    ['a private mirror', list('deb http://192.168.7.7/ s main'), 'warning', /some networks only/],
    ['a name without a domain', list('deb http://mirror/ubuntu s main'), 'warning', /some networks only/],
    ['file:', list('deb file:/opt/repo ./'), 'blocker', /on the build machine only/],
    [
      'file:// of the image',
      (r) => list('deb file:///var/cuda-repo-x%20y ./')(r.dir('var/cuda-repo-x y')),
      'warning',
      /folder of the image/,
    ],
    ['copy:', list('deb copy:/opt/repo ./'), 'blocker', /on the build machine only/],
    ['a medium', list('deb [trusted=no] cdrom:[DGX OS 6 _x_ y]/ jammy main # c'), 'blocker', /cdrom: is on/],
    [
      'a medium that lies in the image',
      (r) => list('deb cdrom:[a b]/ s main')(r.dir('media/cdrom/dists')),
      'warning',
      /lies in the image/,
    ],
    ['a scheme in capitals', list('deb HTTP://a.example/ s main'), 'blocker', /no method "HTTP"/],
    [
      'a method that is not there',
      (r) => list('deb s3://a.example/ s main')(r.dir('usr/lib/apt/methods')),
      'blocker',
      /no method "s3"/,
    ],
    [
      'a list of mirrors with the build machine',
      (r) =>
        list('deb mirror+file:/etc/apt/m.list s main')(
          r.put('etc/apt/m.list', 'http://127.0.0.1/u\tpriority:1\n'),
        ),
      'blocker',
      /127\.0\.0\.1 is the build/,
    ],
    [
      'a list of mirrors that is not there',
      list('deb mirror+file:/etc/apt/m.list s main'),
      'blocker',
      /list of mirrors/,
    ],
    ['trusted', list('deb [arch=amd64 trusted=YES] http://a.example s main'), 'blocker', /nobody signed/],
    ['trusted in quotes', list('deb [trusted="yes"] http://a.example s main'), 'blocker', /nobody signed/],
    [
      'allow-insecure',
      list('deb [ allow-insecure=true ] http://a.example s main'),
      'blocker',
      /allow-insecure/,
    ],
    ['allow-weak', list('deb [allow-weak=1] http://a.example s main'), 'major', /allow-weak/],
    [
      'allow-downgrade-to-insecure',
      list('deb [allow-downgrade-to-insecure=on] http://a.example s main'),
      'major',
      /downgrade/,
    ],
    [
      'check-valid-until',
      list('deb [check-valid-until=no] http://a.example s main'),
      'warning',
      /old states/,
    ],
    [
      'a key that is not there',
      list('deb [signed-by=/usr/share/keyrings/k.gpg] http://a.example s main'),
      'blocker',
      /k\.gpg, which is not in/,
    ],
    [
      'a key that is not a path',
      list('deb [signed-by=k.gpg] http://a.example s main'),
      'blocker',
      /neither a path/,
    ],
    ['a password', list('deb https://me:SECRETPW@a.example/ s main'), 'major', /password/],
    ['a line that apt cannot read', list('deb http://a.example'), 'blocker', /cannot read its sources/],
    [
      'deb822 with CRLF',
      (r) => r.put('etc/apt/sources.list.d/x.sources', 'Types: deb\r\nURIs: http://127.1/\r\nSuites: ./\r\n'),
      'blocker',
      /127\.1 is the build/,
    ],
    [
      'deb822 of several lines with comments',
      stanza('URIs:\n http://a.example\n# c\n\tfile:/x\nTRUSTED: yes'),
      'blocker',
      /nobody signed/,
    ],
    ['AllowUnauthenticated', conf('APT::Get::AllowUnauthenticated "true";'), 'blocker', /nobody signed/],
    [
      'AllowInsecureRepositories in a block',
      conf('acquire {\n // c\n ALLOWInsecureRepositories\n "1"; };'),
      'blocker',
      /nobody signed/,
    ],
    ['AllowWeakRepositories', conf('Acquire::AllowWeakRepositories yes;'), 'major', /well signed/],
    ['Verify-Peer', conf('Acquire::https::a.example::Verify-Peer "false";'), 'warning', /any server/],
    ['Check-Valid-Until', conf('Acquire::Check-Valid-Until "0";'), 'warning', /old states/],
    [
      'settings that apt cannot read',
      conf('Acquire::http::Proxy "x"'),
      'blocker',
      /every program of apt stops/,
    ],
    [
      'an include that is not there',
      conf('#include /etc/apt/none;'),
      'blocker',
      /every program of apt stops/,
    ],
    [
      'sources elsewhere',
      (r) =>
        conf('Dir::Etc::SourceList "other.list";')(
          r.put('etc/apt/other.list', 'deb http://127.0.0.1/ s main\n'),
        ),
      'blocker',
      /other\.list:1.*does not write/,
    ],
    ['no sources at all', conf('Dir::Etc::sourceparts "/dev/null";'), 'major', /does not write/],
    [
      'auth.conf',
      put('etc/apt/auth.conf', 'machine a.example\nlogin me password SECRETPW\n'),
      'major',
      /password of an archive/,
    ],
    [
      'auth.conf.d',
      put('etc/apt/auth.conf.d/90ubuntu-advantage', 'machine a login b password SECRETPW\n'),
      'major',
      /password of an archive/,
    ],
    [
      'a pin that forbids the kernel',
      put('etc/apt/preferences.d/no-kernel', 'Package: x linux-image-*\nPin: release *\nPin-Priority: -1\n'),
      'warning',
      /linux-image-\* is pinned to -1/,
    ],
    [
      'a pin that goes back',
      put('etc/apt/preferences', 'Package: *\nPin: origin a.example\nPin-Priority: 1001\n'),
      'warning',
      /pinned to 1001/,
    ],
  ])('%s', async (_how, spoil, severity, text) => {
    const { finding, text: said } = await found(spoil);
    expect(finding).toMatchObject({ status: 'fail', severity });
    expect(said).toMatch(text);
    expect(JSON.stringify(finding)).not.toContain('SECRETPW');
  });

  it('each thing by its file and URI, so that a waiver hides no other', async () => {
    const { items } = await found(list('deb file:/a ./\ndeb [trusted=yes] http://u:p@a.example/ s main'));
    expect(items).toEqual([
      [`/${LIST} file:/a`, 'blocker'],
      [`/${LIST} http://***@a.example/`, 'major'],
      [`/${LIST} http://***@a.example/`, 'blocker'],
    ]);
  });
});

describe('apt-sources passes', () => {
  it.each<[string, (r: Root) => unknown]>([
    ['[Trusted=yes], which apt does not know', list('deb [Trusted=yes] http://a.example s main')],
    ['a disabled stanza', stanza('URIs: http://127.0.0.1/\nEnabled: no')],
    ['the last of two fields', stanza('URIs: http://127.0.0.1/\nURIs: http://a.example/')],
    [
      'the usual places by name',
      conf('Dir::Etc::sourceparts "sources.list.d"; Dir::Etc "etc/apt"; Dir "/";'),
    ],
    [
      'Allow-Insecure in deb822, which apt does not read',
      stanza('URIs: http://a.example\nAllow-Insecure: yes'),
    ],
    [
      'a key in the stanza',
      stanza(
        'URIs: http://a.example\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END',
      ),
    ],
    [
      'a fingerprint',
      list('deb [signed-by=AAAABBBBCCCCDDDDEEEEFFFF0000111122223333!] http://a.example s main'),
    ],
    [
      'a key that is there',
      (r) => list('deb [signed-by=/usr/share/k.gpg] http://a.example s main')(r.put('usr/share/k.gpg')),
    ],
    ['comments', list('# deb http://127.0.0.1/ s main\n\n  # deb x')],
    ...['x.list.save', 'x.LIST', '.x.list', 'x y.list', 'x+.list', 'x.list.', 'x', 'x.sources.disabled'].map(
      (name): [string, (r: Root) => unknown] => [
        `the name ${name}, which apt does not read`,
        put(`etc/apt/sources.list.d/${name}`, 'deb http://127.0.0.1/ s main\n'),
      ],
    ),
    ...['x.bak', '90x~', '.x', 'x.conf.dpkg-old'].map((name): [string, (r: Root) => unknown] => [
      `the settings ${name}, which apt does not read`,
      put(`etc/apt/apt.conf.d/${name}`, 'APT::Get::AllowUnauthenticated "true";\n'),
    ]),
    [
      'a setting in a comment',
      conf('/* APT::Get::AllowUnauthenticated "true"; */ // Acquire::AllowInsecureRepositories "1";\n'),
    ],
    [
      'a setting that a later file takes back',
      (r) =>
        conf('APT::Get::AllowUnauthenticated "true";')(
          r.put('etc/apt/apt.conf', 'apt::get::allowunauthenticated "no";\n'),
        ),
    ],
    [
      'a setting that is cleared',
      (r) =>
        conf('APT::Get::AllowUnauthenticated "true";')(
          r.put('etc/apt/apt.conf.d/99.conf', '#clear APT::Get;\n'),
        ),
    ],
    [
      'a list of mirrors',
      (r) =>
        list('deb mirror+file:/etc/apt/m.list s main')(
          r.put('etc/apt/m.list', 'https://deb.debian.org/debian\n'),
        ),
    ],
    [
      'pins as packages bring them',
      put(
        'etc/apt/preferences.d/cuda-repository-pin-600',
        'Package: nsight-compute\nPin: origin *ubuntu.com*\nPin-Priority: -1\n\nPackage: *\nPin: release l=NVIDIA CUDA\nPin-Priority: 600\n',
      ),
    ],
    ['a login without a password', put('etc/apt/auth.conf', '# machine a login b password c\n')],
  ])('%s', async (_how, spoil) => {
    const { finding } = await found(spoil);
    expect(finding).toMatchObject({ status: 'pass' });
  });
});

describe('proxies of apt', () => {
  it.each([
    ['Acquire::http::Proxy "http://p:3128";', 1],
    ['Acquire::http::Proxy p:3128;', 1],
    ['acquire { HTTP {\n proxy\n "http://p:3128";\n}; };', 1],
    ['Acquire::http::Proxy::a.example "http://p:3128";', 1],
    ['Acquire::http::Proxy-Auto-Detect "/usr/bin/x";', 1],
    ['// Acquire::http::Proxy "http://q";\n/* Acquire::http::Proxy "http://q"; */', 0],
    ['Acquire::http::Proxy "http://p"; Acquire::http::Proxy "";', 0],
    ['Acquire::http::Proxy "http://p";\n#clear Acquire::http;', 0],
    ['Acquire::http::Proxy "DIRECT"; Acquire::https::Proxy "false";', 0],
  ])('%j: %i', async (text, count) => {
    const root = goodRoot().put(CONF, text);
    const finding = (await judged(root)).findings.find((f) => f.id === 'proxies')!;
    expect(finding.status).toBe(count > 0 ? 'fail' : 'pass');
  });
});

describe('archives that were asked', () => {
  const said = async (states: readonly ProbedSource['state'][]) => {
    const archives = states.map((state, i) => ({
      ...{ file: `/${LIST}`, uri: `http://a${i}.example/ubuntu`, suite: 's', state },
      said: state === 'alive' ? '200' : `answer ${i}`,
    }));
    const { findings } = await judged(list('deb http://a.example/ubuntu s main')(goodRoot()), { archives });
    const { status, found } = findings.find((f) => f.id === 'apt-sources')!;
    return [status, found] as const;
  };
  it.each<[ProbedSource['state'][], string, RegExp, RegExp]>([
    [['alive', 'alive'], 'pass', /; 2 of 2 answer$/, /not tested/],
    [
      ['unreachable', 'not-asked'],
      'pass',
      /; not tested: this host cannot reach any of them \(answer 0\)$/,
      /of 2/,
    ],
    [['alive', 'not-asked'], 'pass', /; 1 of 2 answer$/, /not tested/],
    [['alive', 'dead'], 'fail', /http:\/\/a1\.example\/ubuntu s .*does not answer: answer 1/, /a0/],
    [['alive', 'unreachable'], 'fail', /a1\.example\/ubuntu s .*does not answer: answer 1/, /a0/],
    [['dead', 'unreachable'], 'fail', /a0\.example\/ubuntu s .*does not answer: answer 0/, /a1/],
  ])('%j: %s', async (states, status, found, silent) => {
    const finding = await said(states);
    expect(finding).toEqual([status, expect.stringMatching(found)]);
    expect(finding[1]).not.toMatch(silent);
  });
});

describe('the file that curtin writes anew is not named as one that stays', () => {
  const SOURCES = 'etc/apt/sources.list.d/ubuntu.sources';
  const release = (id: string, version: string) => `ID=${id}\nVERSION_ID="${version}"\nVERSION_CODENAME=x\n`;
  const deb822 = 'Types: deb\nURIs: http://archive.ubuntu.com/ubuntu\nSuites: noble\nComponents: main\n';

  it.each([
    ['ubuntu', '24.04', /etc\/apt\/sources\.list$/, /ubuntu\.sources/],
    ['ubuntu', '22.04', /ubuntu\.sources$/, /sources\.list$/],
    ['other', '24.04', /ubuntu\.sources$/, /sources\.list$/],
  ])('%s %s', async (id, version, stays, replaced) => {
    const { text } = await found((r) =>
      r.put('usr/lib/os-release', release(id, version)).put(SOURCES, deb822),
    );
    const named = /used at every deployment: (.*)$/.exec(text)?.[1] ?? '';
    expect(named).toMatch(stays);
    expect(named).not.toMatch(replaced);
  });
});
