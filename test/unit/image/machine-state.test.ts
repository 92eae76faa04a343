import { describe, expect, it } from 'vitest';
import { MACHINE_STATE } from '../../../pipeline/image/facts/collect/machine-state-table.ts';
import { goodRoot, judged } from '../checks/root.ts';

/** For each row of the table, files that programs really have there. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'random seed': ['var/lib/systemd/random-seed', 'var/lib/urandom/random-seed', 'var/lib/random-seed'],
  'random seed of the boot loader': ['boot/efi/loader/random-seed', 'boot/loader/random-seed'],
  'key of systemd’s credentials': ['var/lib/systemd/credential.secret'],
  'credentials of systemd': ['etc/credstore/token', 'etc/credstore.encrypted/token'],
  'state of the TPM': [
    'var/lib/systemd/tpm2-srk-public-key.tpm2b_public',
    'var/lib/tpm/system.data',
    'var/lib/systemd/pcrlock.json',
  ],
  'description of the machine': ['etc/machine-info'],
  'DHCP lease or client id': [
    'var/lib/dhcp/dhclient.eth0.leases',
    'var/lib/dhcp/dhcpd.leases',
    'var/lib/dhcp/dhclient6.leases',
    'var/lib/dhclient/dhclient--eth0.lease',
    'var/lib/NetworkManager/internal-6f2-eth0.lease',
    'var/lib/dhcpcd/duid',
    'var/lib/dhcpcd/eth0.lease6',
    'var/lib/wicked/duid',
  ],
  'DHCP client id': ['etc/dhcpcd.duid', 'etc/dhcpcd.secret'],
  'secret of NetworkManager': ['var/lib/NetworkManager/secret_key'],
  'memory of NetworkManager': ['var/lib/NetworkManager/seen-bssids', 'var/lib/NetworkManager/timestamps'],
  'leases of a DHCP server': ['var/lib/misc/dnsmasq.leases', 'var/lib/kea/kea-leases4.csv'],
  'mail name': ['etc/mailname'],
  'NVMe host name or id': ['etc/nvme/hostnqn', 'etc/nvme/hostid'],
  'NVMe connections': ['etc/nvme/config.json'],
  'iSCSI sessions': [
    'etc/iscsi/nodes/iqn.2004-10.com.x:1/10.0.0.1,3260,1/default',
    'var/lib/iscsi/send_targets/10.0.0.1,3260/st_config',
  ],
  'names of multipath disks': ['etc/multipath/bindings', 'etc/multipath/wwids'],
  'host id of ZFS': ['etc/hostid'],
  'cache of block devices': ['etc/blkid.tab', 'etc/blkid/blkid.tab'],
  'copies of LVM’s metadata': ['etc/lvm/backup/ubuntu-vg', 'etc/lvm/archive/ubuntu-vg_00000-1.vg'],
  'self-signed certificate': ['etc/ssl/private/ssl-cert-snakeoil.key'],
  'key that signs kernel modules': ['var/lib/shim-signed/mok/MOK.priv', 'var/lib/dkms/mok.key'],
  'host key of dropbear': [
    'etc/dropbear/dropbear_ed25519_host_key',
    'etc/dropbear/initramfs/dropbear_rsa_host_key',
  ],
  'key of a VPN': ['etc/wireguard/wg0.conf', 'etc/openvpn/client/me.key', 'etc/swanctl/private/a.pem'],
  'key of fwupd': ['var/lib/fwupd/pki/secret.key'],
  'key of munge': ['etc/munge/munge.key'],
  'private keys of GnuPG': ['root/.gnupg/private-keys-v1.d/AB.key', 'home/ubuntu/.gnupg/secring.gpg'],
  'key of a print server': ['etc/cups/ssl/build.key'],
  'known hosts': ['root/.ssh/known_hosts', 'home/nvidia/.ssh/known_hosts.old'],
  'keytab of Kerberos': ['etc/krb5.keytab', 'var/lib/krb5kdc/principal'],
  'membership of a domain': ['var/lib/sss/db/cache_x.ldb', 'var/lib/samba/private/secrets.tdb'],
  'certificate of Puppet': ['var/lib/puppet/ssl/private_keys/a.pem', 'etc/puppetlabs/puppet/ssl/certs/a.pem'],
  'key of Chef': ['etc/chef/client.pem'],
  'key or name of a Salt minion': ['etc/salt/pki/minion/minion.pem', 'etc/salt/minion_id'],
  'key of CFEngine': ['var/cfengine/ppkeys/localhost.priv'],
  'subscription of Ubuntu Pro': [
    'var/lib/ubuntu-advantage/private/machine-token.json',
    'var/lib/ubuntu-advantage/machine-token.json',
    'etc/apt/auth.conf.d/90ubuntu-advantage',
  ],
  'registration with Landscape': [
    'var/lib/landscape/client/broker.bpickle',
    'var/lib/landscape/client/broker.bpickle.old',
  ],
  'Red Hat subscription': ['etc/pki/consumer/key.pem'],
  'id of error reports': ['var/lib/whoopsie/whoopsie-id'],
  'serial of snapd': [
    'var/lib/snapd/assertions/asserts-v0/serial/generic/generic-classic/3c1/active',
    'var/lib/snapd/device/private-keys-v1/abc',
    'var/lib/snapd/save/device/private-keys-v1/abc',
  ],
  'key of LXD': ['var/snap/lxd/common/lxd/server.key', 'var/lib/incus/server.key'],
  'identity of the Docker engine': [
    'etc/docker/key.json',
    'var/lib/docker/engine-id',
    'var/lib/docker/swarm/state.json',
  ],
  'identity of containerd': ['var/lib/containerd/io.containerd.grpc.v1.introspection/uuid'],
  'credentials of Kubernetes': [
    'etc/kubernetes/pki/ca.key',
    'etc/kubernetes/kubelet.conf',
    'var/lib/kubelet/pki/kubelet.key',
  ],
  'identity in a mesh': ['var/lib/tailscale/tailscaled.state', 'opt/consul/node-id'],
  'registration of a cloud’s agent': ['var/lib/waagent/ovf-env.xml', 'var/lib/amazon/ssm/registration'],
  'seed of cloud-init': ['var/lib/cloud/seed/nocloud-net/user-data'],
  'registration of NVIDIA’s licence': ['etc/nvidia/ClientConfigToken/client.tok'],
  'state of NVSM': ['var/lib/nvsm/modules/x.json', 'etc/nvsm-apis/server.key'],
  'state of DCGM': ['var/lib/nvidia-dcgm/state'],
  'state of the fabric manager': ['var/lib/nvidia-fabricmanager/x', 'etc/nvidia-imex/nodes_config.cfg'],
  'description of the build’s GPUs': ['etc/cdi/nvidia.yaml'],
  'compiled kernels of CUDA': ['root/.nv/ComputeCache/index'],
  'state of a subnet manager': ['var/cache/opensm/guid2lid', 'var/cache/opensm/neighbors'],
  mail: ['var/mail/root', 'var/spool/mail/nvidia'],
  'jobs of users': ['var/spool/cron/crontabs/root', 'var/spool/at/a0000101b'],
  'crash reports': ['var/spool/abrt/ccpp-1/coredump'],
  'paired devices or people': ['var/lib/bluetooth/AA:BB/settings', 'var/lib/AccountsService/users/nvidia'],
  'drift of the clock': ['etc/adjtime'],
};

/** Files that packages of Debian and Ubuntu bring: rightly the same on every machine. */
const STOCK = [
  'etc/lvm/lvm.conf',
  'etc/lvm/profile/thin-generic.profile',
  'etc/iscsi/iscsid.conf',
  'etc/iscsi/ifaces/iface.example',
  'etc/nvme/discovery.conf',
  'etc/multipath.conf',
  'etc/docker/daemon.json',
  'etc/ssl/certs/ca-certificates.crt',
  'etc/openvpn/update-resolv-conf',
  'etc/krb5.conf',
  'etc/samba/smb.conf',
  'etc/landscape/client.conf',
  'etc/nvidia/gridd.conf',
  'etc/puppet/puppet.conf',
  'etc/salt/minion',
  'var/lib/snapd/assertions/asserts-v0/account-key/x/active',
  'var/lib/snapd/seed/seed.yaml',
  'var/lib/systemd/deb-systemd-helper-enabled/x.service',
  'var/lib/NetworkManager/NetworkManager.state',
  'var/lib/systemd/catalog/database',
  'var/lib/ubuntu-advantage/status.json',
  'var/spool/cron/atjobs/.SEQ',
  'var/lib/dkms/nvidia/550.1/source',
  'root/.bashrc',
  'etc/nvsm/nvsm.config',
];

const rowsOf = (path: string) => MACHINE_STATE.filter((row) => row.path.test(path)).map(({ what }) => what);

describe('the table of state of one machine', () => {
  it('has an example for every row, and no row twice', () => {
    expect(MACHINE_STATE.map(({ what }) => what)).toEqual(Object.keys(EXAMPLES));
  });

  it.each(Object.entries(EXAMPLES))('finds the %s', (what, paths) => {
    for (const path of paths) expect([path, rowsOf(path)[0]]).toEqual([path, what]);
  });

  it.each(STOCK)('passes over %s', (path) => {
    expect(rowsOf(path)).toEqual([]);
  });
});

describe('check 39, machine-state', () => {
  const check = async (root: ReturnType<typeof goodRoot>) =>
    (await judged(root)).findings.find((f) => f.id === 'machine-state')!;

  it('finds every example in an image, by name', async () => {
    for (const path of Object.values(EXAMPLES).map((paths) => paths[0]!)) {
      const finding = await check(goodRoot().put(path, 'x'));
      expect([path, finding.status, finding.items?.map(({ subject }) => subject)]).toEqual([
        path,
        'fail',
        [`/${path}`],
      ]);
    }
  });

  it('does not mind an empty file', async () => {
    expect((await check(goodRoot().put('etc/nvme/hostid'))).status).toBe('pass');
  });

  it('weighs a trace less than an identity', async () => {
    expect((await check(goodRoot().put('etc/adjtime', 'x'))).severity).toBe('warning');
    expect((await check(goodRoot().put('etc/adjtime', 'x').put('etc/hostid', 'x'))).severity).toBe('major');
  });
});
