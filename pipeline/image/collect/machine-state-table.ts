/** Something that belongs to one machine, and where it lies. */
export interface MachineState {
  /** What it is, in words. */
  what: string;
  /** Its files; an empty one does not count. */
  path: RegExp;
  weight: 'major' | 'warning';
  /** What happens when two machines have the same. */
  why: string;
  /** Who says that it does not belong into an image. */
  source: string;
}

const SYSTEMD = 'systemd, Building Images Safely';
const SYSPREP = 'virt-sysprep --list-operations';
const IMAGES = 'the cleaning of Canonical’s own images (livecd-rootfs)';
const CLEAN = 'cloud-init clean --machine-id --seed --configs all';
const PRO = 'Ubuntu Pro, "Create a golden image"';

const TWINS = 'two machines count as one';
const KEY = 'everyone with the image has the private key of every machine';
const TOKEN = 'every machine acts under one registration, and the image holds its secret';

const row = (
  weight: MachineState['weight'],
  what: string,
  path: RegExp,
  why: string,
  source: string,
): MachineState => ({ what, path, weight, why, source });

/** All that makes a machine this machine, beside the checks of their own (machine-id, ssh host keys, host name, iSCSI name). */
export const MACHINE_STATE: readonly MachineState[] = [
  // Randomness and the secrets that systemd makes for itself.
  row(
    'major',
    'random seed',
    /^var\/lib\/(?:systemd\/|urandom\/|misc\/)?random-seed$/,
    'the generators of all machines begin alike',
    SYSTEMD,
  ),
  row(
    'major',
    'random seed of the boot loader',
    /^(?:boot|efi|boot\/efi)\/loader\/random-seed$/,
    'the generators of all machines begin alike',
    SYSTEMD,
  ),
  row('major', 'key of systemd’s credentials', /^var\/lib\/systemd\/credential\.secret$/, KEY, SYSTEMD),
  row('major', 'credentials of systemd', /^etc\/credstore(?:\.encrypted)?\/./, KEY, SYSTEMD),
  row(
    'major',
    'state of the TPM',
    /^var\/lib\/(?:systemd\/(?:tpm2?-|pcrlock)|tpm\/|tpm2-|tss2?\/).*/,
    'it belongs to a chip that other machines do not have',
    SYSTEMD,
  ),
  row(
    'warning',
    'description of the machine',
    /^etc\/machine-info$/,
    'a name, place or role of the build machine',
    SYSTEMD,
  ),
  // Identity on the network.
  row(
    'major',
    'DHCP lease or client id',
    /^var\/lib\/(?:dhcp|dhclient|dhcpcd5?|dhcp6|NetworkManager|wicked)\/(?:[^/]+\/)*(?:[^/]*\.leases?\d?|duid|secret|[^/]*-duid[^/]*|dhclient6?[^/]*)$/,
    'machines with one DUID get one address',
    SYSPREP,
  ),
  row(
    'major',
    'DHCP client id',
    /^etc\/dhcpcd\.(?:duid|secret)$/,
    'machines with one DUID get one address',
    SYSPREP,
  ),
  row(
    'major',
    'secret of NetworkManager',
    /^var\/lib\/NetworkManager\/secret_key$/,
    'stable addresses and client ids of all machines are alike',
    IMAGES,
  ),
  row(
    'warning',
    'memory of NetworkManager',
    /^var\/lib\/NetworkManager\/(?:seen-bssids|timestamps)$/,
    'networks of the build machine',
    SYSPREP,
  ),
  row(
    'major',
    'leases of a DHCP server',
    /^var\/lib\/(?:dnsmasq\/|misc\/dnsmasq|kea\/)[^/]*leases[^/]*$/,
    'it hands out what it no longer owns',
    SYSPREP,
  ),
  row('warning', 'mail name', /^etc\/mailname$/, 'mail is sent under the name of the build machine', SYSPREP),
  // Identity on storage networks.
  row(
    'major',
    'NVMe host name or id',
    /^etc\/nvme\/host(?:nqn|id)$/,
    'two machines take each other’s disks',
    'nvme-cli, nvme-gen-hostnqn(1)',
  ),
  row(
    'major',
    'NVMe connections',
    /^etc\/nvme\/config\.json$/,
    'every machine connects to the targets of the build',
    'nvme-cli, nvme-connect-all(1)',
  ),
  row(
    'major',
    'iSCSI sessions',
    /^(?:etc|var\/lib)\/iscsi\/(?:nodes|send_targets|isns|static|fw|slp)\/.*[^/]$/,
    'every machine logs in to the targets of the build',
    'open-iscsi, iscsiadm(8)',
  ),
  row(
    'major',
    'names of multipath disks',
    /^etc\/multipath\/(?:bindings|wwids|prkeys)$/,
    'names belong to disks of the build machine',
    'multipath-tools, multipath(8)',
  ),
  row(
    'major',
    'host id of ZFS',
    /^etc\/hostid$/,
    'two machines may import one pool at once',
    'ZFS, zgenhostid(8)',
  ),
  row(
    'warning',
    'cache of block devices',
    /^etc\/blkid(?:\/blkid)?\.tab$/,
    'disks of the build machine',
    SYSPREP,
  ),
  row(
    'warning',
    'copies of LVM’s metadata',
    /^etc\/lvm\/(?:archive|backup)\/./,
    'volume groups of the build machine',
    SYSPREP,
  ),
  // Keys.
  row('major', 'self-signed certificate', /^etc\/ssl\/private\/ssl-cert-snakeoil\.key$/, KEY, IMAGES),
  row(
    'major',
    'key that signs kernel modules',
    /^var\/lib\/(?:shim-signed\/mok\/MOK\.priv|dkms\/mok\.key)$/,
    'everyone with the image signs modules that every machine trusts',
    'Ubuntu, update-secureboot-policy(8)',
  ),
  row(
    'major',
    'host key of dropbear',
    /^etc\/dropbear(?:-initramfs|\/initramfs)?\/dropbear_[a-z0-9]+_host_key$/,
    KEY,
    SYSPREP,
  ),
  row(
    'major',
    'key of a VPN',
    /^etc\/(?:wireguard\/[^/]+\.(?:conf|key)|openvpn\/.*\.(?:key|pem)|(?:ipsec\.d|swanctl)\/private\/.+|tinc\/.*\.priv)$/,
    KEY,
    SYSPREP,
  ),
  row(
    'major',
    'key of fwupd',
    /^var\/lib\/fwupd\/pki\/(?:secret\.key|client\.pem)$/,
    TWINS,
    'fwupd, var/lib/fwupd/pki',
  ),
  row(
    'major',
    'key of munge',
    /^etc\/munge\/munge\.key$/,
    'everyone with the image is any user of the cluster',
    'munge, munged(8)',
  ),
  row(
    'major',
    'private keys of GnuPG',
    /^(?:root|home\/[^/]+)\/\.gnupg\/(?:private-keys-v1\.d\/.+|secring\.gpg)$/,
    KEY,
    SYSPREP,
  ),
  row('major', 'key of a print server', /^etc\/cups\/ssl\/.+\.key$/, KEY, SYSPREP),
  row(
    'warning',
    'known hosts',
    /^(?:root|home\/[^/]+)\/\.ssh\/known_hosts(?:\.old)?$/,
    'hosts that the build spoke to',
    SYSPREP,
  ),
  // Directories and management.
  row('major', 'keytab of Kerberos', /^etc\/krb5\.keytab$|^var\/lib\/krb5kdc\/./, KEY, SYSPREP),
  row(
    'major',
    'membership of a domain',
    /^var\/lib\/(?:sss\/(?:db|secrets|keytabs)\/.+|ipa-client\/.+|samba\/private\/.+|samba\/.+\.tdb)$/,
    TOKEN,
    SYSPREP,
  ),
  row(
    'major',
    'certificate of Puppet',
    /^(?:var\/lib\/puppet\/ssl|etc\/puppet(?:labs\/puppet)?\/ssl)\/.+\.pem$/,
    TWINS,
    SYSPREP,
  ),
  row('major', 'key of Chef', /^etc\/chef\/.+\.pem$/, TOKEN, 'Chef, chef-client'),
  row(
    'major',
    'key or name of a Salt minion',
    /^etc\/salt\/(?:pki\/minion\/minion\.p(?:em|ub)|minion_id)$/,
    TWINS,
    'Salt, preseeding minions',
  ),
  row(
    'major',
    'key of CFEngine',
    /^var\/(?:lib\/)?cfengine3?\/ppkeys\/localhost\.p(?:riv|ub)$/,
    TWINS,
    'CFEngine, cf-key',
  ),
  row(
    'major',
    'subscription of Ubuntu Pro',
    /^var\/lib\/ubuntu-(?:advantage|pro)\/(?:private\/)?machine-(?:token|access)[^/]*\.json$|^etc\/apt\/auth\.conf\.d\/90ubuntu-advantage$/,
    TOKEN,
    PRO,
  ),
  row(
    'major',
    'registration with Landscape',
    /^var\/lib\/landscape\/client\/(?:.*\/)?(?:broker|[^/]*)\.bpickle(?:\.old)?$/,
    TOKEN,
    'Landscape, cloning registered machines',
  ),
  row(
    'major',
    'Red Hat subscription',
    /^etc\/(?:pki\/(?:consumer|entitlement)\/.+\.pem|sysconfig\/rhn\/systemid)$/,
    TOKEN,
    SYSPREP,
  ),
  row(
    'warning',
    'id of error reports',
    /^var\/lib\/whoopsie\/whoopsie-id$|^etc\/smolt\/.*uuid.*$/,
    TWINS,
    SYSPREP,
  ),
  // snapd.
  row(
    'major',
    'serial of snapd',
    /^var\/lib\/snapd\/(?:save\/)?(?:assertions\/asserts-v0\/serial\/.+|device\/(?:[^/]+\/)*private-keys-v1\/.+)$/,
    'the store takes all machines for one device',
    IMAGES,
  ),
  row(
    'major',
    'key of LXD',
    /^var\/(?:snap\/lxd\/common|lib)\/(?:lxd|incus)\/(?:server|cluster)\.key$/,
    KEY,
    'LXD, server certificate',
  ),
  // Containers and clusters.
  row(
    'major',
    'identity of the Docker engine',
    /^(?:etc\/docker\/key\.json|var\/lib\/docker\/(?:engine-id|swarm\/.+))$/,
    TWINS,
    'Docker, engine-id',
  ),
  row(
    'warning',
    'identity of containerd',
    /^var\/lib\/containerd\/io\.containerd\.grpc\.v1\.introspection\/uuid$/,
    TWINS,
    'containerd, introspection service',
  ),
  row(
    'major',
    'credentials of Kubernetes',
    /^(?:etc\/kubernetes\/(?:pki\/.+|[^/]+\.conf)|var\/lib\/kubelet\/pki\/.+|var\/lib\/(?:etcd\/member|rancher)\/.+|var\/snap\/microk8s\/[^/]+\/c(?:erts|redentials)\/.+)$/,
    TOKEN,
    'kubeadm reset',
  ),
  row(
    'major',
    'identity in a mesh',
    /^(?:var\/lib\/tailscale\/tailscaled\.state|var\/lib\/zerotier-one\/identity\.(?:secret|public)|(?:opt|var\/lib)\/consul\/node-id|var\/lib\/teleport\/.+)$/,
    TWINS,
    'the guides of these programs for images',
  ),
  row(
    'major',
    'registration of a cloud’s agent',
    /^(?:var\/lib\/(?:waagent|amazon\/ssm)\/.+|etc\/google_instance_id)$/,
    TWINS,
    CLEAN,
  ),
  row(
    'warning',
    'seed of cloud-init',
    /^var\/lib\/cloud\/seed\/.+\/(?:user-data|meta-data)$/,
    'it answers in place of MAAS where it is asked',
    CLEAN,
  ),
  // NVIDIA.
  row(
    'major',
    'registration of NVIDIA’s licence',
    /^etc\/nvidia\/(?:ClientConfigToken\/.+\.tok|gridd?\.conf\.token)$|^var\/lib\/nvidia\/GridLicensing\/./,
    TOKEN,
    'NVIDIA, licence system client',
  ),
  row(
    'major',
    'state of NVSM',
    /^var\/lib\/nvsm\/.+|^etc\/nvsm(?:-apis)?\/.*\.(?:key|pem|crt|db)$/,
    'health and alerts of the build machine, under its certificate',
    'NVIDIA System Management, files',
  ),
  row(
    'warning',
    'state of DCGM',
    /^var\/lib\/(?:nvidia-)?dcgm\/.+|^(?:etc|var\/lib)\/datacenter-gpu-manager(?:-4)?\/.+\.(?:db|state|json)$/,
    'groups and policies of GPUs of the build machine',
    'NVIDIA DCGM, files',
  ),
  row(
    'major',
    'state of the fabric manager',
    /^(?:tmp|var\/tmp|var\/lib\/nvidia-fabricmanager)\/fabricmanager\.state$|^var\/lib\/nvidia-fabricmanager\/.+|^etc\/nvidia-imex\/nodes_config\.cfg$/,
    'partitions and nodes of another fabric',
    'NVIDIA fabric manager, STATE_FILE_NAME',
  ),
  row(
    'warning',
    'description of the build’s GPUs',
    /^(?:etc|var\/run|run)\/cdi\/nvidia[^/]*\.(?:ya?ml|json)$/,
    'containers get devices that are not there',
    'NVIDIA Container Toolkit, nvidia-ctk cdi generate',
  ),
  row(
    'warning',
    'compiled kernels of CUDA',
    /^(?:root|home\/[^/]+)\/\.nv\/ComputeCache\/./,
    'made for a GPU of the build machine',
    'CUDA, CUDA_CACHE_PATH',
  ),
  row(
    'major',
    'state of a subnet manager',
    /^var\/cache\/opensm\/(?:guid2[a-z]+|neighbors)$/,
    'addresses of another fabric',
    'opensm(8)',
  ),
  // Spools.
  row('warning', 'mail', /^var\/(?:mail|spool\/mail)\/./, 'mail of the build machine', SYSPREP),
  row(
    'warning',
    'jobs of users',
    /^var\/spool\/(?:cron\/(?:crontabs|atjobs)|at)\/[^.].*$/,
    'they run on every machine',
    SYSPREP,
  ),
  row(
    'warning',
    'crash reports',
    /^var\/(?:spool\/abrt|log\/dump)\/./,
    'memory of the build machine',
    SYSPREP,
  ),
  row(
    'warning',
    'paired devices or people',
    /^var\/lib\/(?:bluetooth|fprint|AccountsService\/users)\/./,
    'they belong to the build machine',
    SYSPREP,
  ),
  row('warning', 'drift of the clock', /^etc\/adjtime$/, 'the drift of another machine’s clock', IMAGES),
];
