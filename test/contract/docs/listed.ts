/**
 * The commands of the docs that the sandbox cannot run as they stand. Every other one is run. A line is named without its
 * comment; one that is not in the docs any more fails the test.
 */
export type Listed =
  /** Not run, only parsed, and why. */
  | { parsed: string }
  /** Run with this in its place, and why. */
  | { as: string; why: string }
  /** Ends with this exit code, and why. */
  | { exit: number; why: string };

const BUILDS = { parsed: 'builds in a virtual machine, for minutes' };
const DEPLOYS = { parsed: 'deploys a machine that must answer ssh; test/contract/acceptance has one' };
const INSTALLS = { parsed: 'changes the host, as root' };
const ASKS = 'asks at a terminal';
const LINKED = { parsed: 'installs for all users; done in a prefix of its own below' };
const GITHUB = { parsed: 'fetches from GitHub' };
const REHEARSES = { parsed: 'deploys on a virtual machine; test/contract/rehearse has a stand-in of one' };
const CLUSTER = {
  parsed: 'needs a container engine or a cluster; test/contract/recipes validates what it is given',
};
const QUEUES = { parsed: 'needs a Redis; test/contract/queue starts one' };
const TWO_IMAGES = 'the images are different';

export const LISTED: Record<string, Listed> = {
  './scripts/demo': BUILDS,
  './scripts/test': { parsed: 'takes many minutes' },
  './scripts/setup': INSTALLS,
  'npm link': LINKED,
  'npm pack': { parsed: 'test/contract/cli/package.test.ts does' },
  'podman build -f recipes/Containerfile -t registry.example/dgxos-maas:0.1.0 .': CLUSTER,
  'podman push registry.example/dgxos-maas:0.1.0': CLUSTER,
  'kubectl apply -f recipes/kubernetes/common.yaml': CLUSTER,
  'kubectl -n dgxos-maas create secret generic dgxos-maas-keys --from-file=api-key=key-file': CLUSTER,
  'kubectl create -f recipes/kubernetes/build.yaml': CLUSTER,
  'kubectl create -f recipes/kubernetes/finish.yaml': CLUSTER,
  'dgxos-maas run dgx1 --until pack --built-since 2026-11-29T02:17:00Z': {
    parsed: 'builds where the build is older; test/contract/many does',
  },
  'npm install -g --prefix ~/.local ./dgxos-maas-0.1.0.tgz ./dgxos-maas-sandbox-0.1.0.tgz': {
    parsed: 'test/contract/cli/package.test.ts installs them',
  },
  'git submodule update --init packer/packer-maas': GITHUB,
  'dgxos-maas run h100': { parsed: 'fetches from archives; test/e2e/archive.test.ts builds such an image' },
  'dgxos-maas build h100 --locked .dgxos-maas/h100/pack/h100.provenance.json': {
    parsed: 'the same image again; test/e2e/archive.test.ts does',
  },
  'dgxos-maas init --accept-eula': {
    as: '(mkdir new && cd new && dgxos-maas init --accept-eula)',
    why: 'a configuration is there',
  },
  'dgxos-maas init': { as: '(mkdir new && cd new && dgxos-maas init)', why: 'a configuration is there' },
  'dgxos-maas doctor': {
    as: 'dgxos-maas doctor || [ $? -eq 4 ]',
    why: 'what is missing depends on the host',
  },

  'dgxos-maas accept dgx1': DEPLOYS,
  'dgxos-maas accept dgx1 --machine gpu-test-1': DEPLOYS,
  'dgxos-maas accept dgx1 --tag image-test --build dgx1-5.0-20261122-1a2b3c4 --to lab': DEPLOYS,
  'dgxos-maas run dgx1 --accept --promote stable': DEPLOYS,
  'git clone https://github.com/canonical/curtin': GITHUB,
  'dgxos-maas rehearse dgx1 --curtin curtin': REHEARSES,
  'dgxos-maas rehearse dgx1.tar.gz --base-image ubuntu/focal --curtin curtin': REHEARSES,
  'dgxos-maas rehearse dgx1 --curtin curtin --layout raid1 --kernel-options iommu=pt': REHEARSES,
  'dgxos-maas run dgx1 --rehearse': REHEARSES,
  'dgxos-maas rehearse dgx1 --shell': REHEARSES,
  'dgxos-maas rehearse dgx1 --layout flat lvm raid1 --junit rehearsal.xml --markdown rehearsal.md': REHEARSES,
  'maas admin machine get-curtin-config 4y3h7n > gpu-001.yaml': {
    parsed: "asks a real MAAS by MAAS' own command",
  },
  'dgxos-maas rehearse dgx1 --curtin-config gpu-001.yaml': REHEARSES,
  'dgxos-maas rehearse dgx1 --redeploy same': REHEARSES,
  'dgxos-maas rehearse dgx1 --layout lvm --redeploy flat raid1': REHEARSES,
  'dgxos-maas sandbox --machines 1 --guests qemu --curtin curtin': {
    parsed:
      'serves until it is stopped, with virtual machines; test/contract/sandbox has it with a stand-in of one',
  },
  'DGXOS_MAAS_CURTIN=$PWD/curtin npx vitest run --project contract test/contract/rehearse': {
    parsed: 'needs the clone of the first block',
  },
  'dgxos-maas sandbox --machines 3 --guests chroot --trouble gpu-002:failed-unit': {
    parsed: 'serves until it is ended; test/contract/sandbox starts it so',
  },

  'dgxos-maas worker': QUEUES,
  'dgxos-maas worker --metrics 127.0.0.1:9464': QUEUES,
  'dgxos-maas queue status': QUEUES,
  "dgxos-maas queue drain 'dgx*'": QUEUES,
  'dgxos-maas queue retry': QUEUES,
  'npm install -g bullmq@^6.7.0 ioredis@^6.0.0': { parsed: 'installs for all users' },
  'npm run bench:start': { parsed: 'packs and installs' },
  'DGXOS_MAAS_CURTIN=$PWD/curtin npm run bench:rehearse': { parsed: 'takes half an hour' },
  'npm run bench:night': { parsed: 'takes minutes, and needs a Redis' },
  'node scripts/broken-images.ts demo.tar.gz broken': { parsed: 'needs the demo image' },
  'node bench/night-simulation.ts': { parsed: 'of a clone; it runs in a second' },
  'npm run bench:install -- --runs 1': { parsed: 'takes minutes' },
  'npm run bench:upload -- --size 500M --runs 3': { parsed: 'takes minutes' },
  'npm run bench:validate -- --size 2G --runs 3': { parsed: 'takes minutes' },
  'npm run bench:diff -- --size 1100M --runs 3': { parsed: 'takes minutes' },
  'npm run bench:pack -- --size 1100M --runs 3 --build .dgxos-maas/dgx1': {
    parsed: 'takes minutes, as root',
  },
  'git clone https://github.com/canonical/curtin && git -C curtin worktree add ../curtin-23.1 release/23.1':
    GITHUB,
  'DGXOS_MAAS_CURTIN=$PWD/curtin:$PWD/curtin-23.1 npx vitest run --project contract test/contract/render/hook.test.ts':
    { parsed: 'needs the clones of the line above' },
  "tar --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --xattrs --xattrs-include='*' --numeric-owner --sort=name -S … -cf /dev/vdb .":
    { parsed: 'runs in the virtual machine, and writes a disk' },

  'dgxos-maas render dgx1': { parsed: 'renders for the Packer of the host; test/contract/render does' },
  'dgxos-maas site apply': { as: 'dgxos-maas site apply --yes', why: ASKS },
  'dgxos-maas machines commission --status new': {
    as: 'dgxos-maas machines commission --status new --yes',
    why: ASKS,
  },
  'dgxos-maas machines deploy --tag dgx --image dgx1:stable --profile slurm': {
    as: 'dgxos-maas promote dgx1 --channel stable && dgxos-maas machines deploy --tag dgx --image dgx1:stable --profile slurm --yes',
    why: `${ASKS}, and the channel has no image yet`,
  },
  "dgxos-maas machines deploy 'gpu*' --image dgx1:stable --profile slurm": {
    as: "dgxos-maas machines deploy 'gpu*' --image dgx1:stable --profile slurm --yes",
    why: ASKS,
  },
  'dgxos-maas machines release --tag old --quick-erase': {
    as: 'dgxos-maas machines tag add old gpu-001 && dgxos-maas machines release --tag old --quick-erase --yes',
    why: `${ASKS}, and no machine has this tag`,
  },
  'exec dgxos-maas inventory "$@"': { as: 'dgxos-maas inventory --list', why: 'it ends the shell' },

  'npm ci': { parsed: 'replaces the modules that this test runs with' },
  'sudo ./scripts/install-maas --group-vars ~/deepops/config/group_vars/all.yml --dry-run': INSTALLS,
  'sudo ./scripts/install-maas --group-vars ~/deepops/config/group_vars/all.yml': INSTALLS,
  'sudo git clone --recurse-submodules "$PWD" /opt/dgxos-maas': INSTALLS,
  'sudo /opt/dgxos-maas/scripts/setup': INSTALLS,
  'sudo install -d -m 755 /etc/dgxos-maas': INSTALLS,
  'sudo install -m 644 dgxos-maas.yaml /etc/dgxos-maas/': INSTALLS,
  'sudo install -m 600 /dev/stdin /etc/dgxos-maas/api-key < key-file': INSTALLS,
  'sudo git config --system --add safe.directory /opt/dgxos-maas/packer/packer-maas': INSTALLS,
  'sudo cp /opt/dgxos-maas/recipes/systemd/dgxos-maas-nightly.* /etc/systemd/system/': INSTALLS,
  'sudo systemctl daemon-reload && sudo systemctl enable --now dgxos-maas-nightly.timer': INSTALLS,

  'dgxos-maas validate image.tar.gz --profile dgxos5 --base-image ubuntu/focal': {
    exit: 6,
    why: 'DGX OS is bigger than an image that a test makes',
  },
  'dgxos-maas rollback dgx1 --channel stable': {
    exit: 7,
    why: 'the channel has had one image only; test/contract/images goes back',
  },
  'dgxos-maas diff a.tar.gz b.tar.gz --exit-code': { exit: 1, why: TWO_IMAGES },
  'dgxos-maas upload dgx1 --to lab site-a site-b': {
    as: 'DGXOS_MAAS_CONFIG=several.yaml dgxos-maas upload dgx1 --to lab site-a site-b',
    why: 'needs a configuration with these targets',
  },
  'dgxos-maas prune --channels': { as: 'dgxos-maas prune --channels --yes', why: ASKS },
  'dgxos-maas prune --keep 3 --days 14 --deployed-days 30': {
    as: 'dgxos-maas prune --keep 3 --days 14 --deployed-days 30 --yes',
    why: ASKS,
  },
  'maas login sandbox "$MAAS_API_URL" "$MAAS_API_KEY"': { parsed: "needs Canonical's maas command" },
  'maas sandbox machines read': { parsed: "needs Canonical's maas command" },
  'maas sandbox machine rescue-mode "$SYSTEM_ID"': { parsed: "needs Canonical's maas command" },
};
