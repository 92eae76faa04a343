import type { SandboxContext } from '../context.ts';
import { json, type Reply } from '../reply.ts';
import { API } from '../route.ts';
import { showVlan } from '../site/vlans.ts';
import { fqdnOf, network, showPlace } from './place.ts';
import { setAt, shownScript, statusOfResults } from './scripts.ts';
import { showDisk } from './show-disks.ts';
import type { Machine, Nic } from './state.ts';
import { shownStatus } from './status.ts';
import { bootDisk } from './storage.ts';

const UNKNOWN: Record<string, string> = Object.fromEntries(
  [
    ...['system_vendor', 'system_product', 'system_family', 'system_version', 'system_sku', 'system_serial'],
    ...['cpu_model', 'mainboard_vendor', 'mainboard_product', 'mainboard_serial', 'mainboard_version'],
    ...['mainboard_firmware_vendor', 'mainboard_firmware_date', 'mainboard_firmware_version'],
    ...['chassis_vendor', 'chassis_type', 'chassis_serial', 'chassis_version'],
  ].map((name) => [name, 'Unknown']),
);

/** A machine as the API shows it, with the fields that its version of MAAS has. */
export function showMachine(world: SandboxContext, machine: Machine) {
  const disks = machine.disks.map((disk) => showDisk(machine, disk));
  const physical = disks.filter((disk) => disk.type === 'physical');
  const nics = machine.nics.map((nic) => showNic(world, machine, nic));
  return {
    system_id: machine.systemId,
    hostname: machine.hostname,
    description: machine.description,
    hardware_uuid: null,
    ...showPlace(world, machine),
    fqdn: fqdnOf(world, machine),
    owner: machine.owner,
    owner_data: {},
    locked: machine.locked,
    cache_sets: [],
    bcaches: [],
    bios_boot_method: machine.biosBootMethod,
    boot_interface: nics[0] ?? null,
    architecture: machine.architecture,
    min_hwe_kernel: machine.minHweKernel,
    hwe_kernel: machine.hweKernel,
    cpu_count: machine.cpuCount,
    cpu_speed: machine.cpuSpeed,
    memory: machine.memory,
    swap_size: machine.swapSize,
    storage: physical.reduce((sum, disk) => sum + disk.size, 0) / 1e6,
    status: machine.status,
    osystem: machine.osystem,
    distro_series: machine.distroSeries,
    netboot: machine.netboot,
    power_type: machine.powerType,
    power_state: machine.powerState,
    tag_names: machine.tags.toSorted(),
    address_ttl: null,
    ip_addresses: machine.address === null ? [] : [machine.address],
    interface_set: nics,
    disable_ipv4: false,
    boot_disk: bootDisk(machine) ? physical[0] : null,
    blockdevice_set: disks,
    physicalblockdevice_set: physical,
    virtualblockdevice_set: disks.filter((disk) => disk.type === 'virtual'),
    volume_groups: volumeGroups(machine),
    raids: [],
    status_action: machine.statusAction,
    status_message: machine.statusMessage,
    status_name: shownStatus(machine.status),
    node_type: 0,
    node_type_name: 'Machine',
    special_filesystems: [],
    default_gateways: showGateways(world, machine),
    ...showResults(world, machine),
    hardware_info: { ...UNKNOWN, ...machine.hardwareInfo },
    numanode_set: [{ index: 0, memory: machine.memory, cores: [], hugepages_set: [] }],
    ...ofVersion(world, machine),
    resource_uri: `${API}machines/${machine.systemId}/`,
  };
}

/** The answer of most operations: the machine as it is now. */
export const answer = (world: SandboxContext, machine: Machine): Reply =>
  json(200, showMachine(world, machine));

/** Fields that came and went. */
function ofVersion({ traits }: SandboxContext, machine: Machine) {
  const minor = Number(traits.version.replace('.', ''));
  return {
    ...(minor < 30 ? { iscsiblockdevice_set: [] } : {}),
    ...(minor < 38 ? { pod: null } : {}),
    ...(minor >= 30 && minor < 38 ? { virtualmachine_id: null } : {}),
    ...(minor >= 30 ? { workload_annotations: {} } : {}),
    ...(minor >= 33
      ? {
          enable_hw_sync: false,
          ephemeral_deploy: machine.ephemeralDeploy,
          last_sync: null,
          next_sync: null,
          parent: null,
          sync_interval: null,
        }
      : {}),
    ...(minor >= 35 ? { error_description: machine.errorDescription } : {}),
    ...(minor >= 36 ? { enable_kernel_crash_dump: false } : {}),
    ...(minor >= 37 ? { is_dpu: false } : {}),
  };
}

function showNic(world: SandboxContext, machine: Machine, nic: Nic) {
  // The network of a card is seen when the machine has booted from it.
  const vlan = machine.biosBootMethod === null ? undefined : network(world).vlan;
  const first = machine.nics[0] === nic;
  return {
    type: 'physical',
    vlan: first && vlan ? showVlan(world.store.state.site, vlan) : null,
    mac_address: nic.mac,
    enabled: true,
    discovered: null,
    system_id: machine.systemId,
    name: nic.name,
    effective_mtu: 1500,
    firmware_version: null,
    vendor: null,
    tags: [],
    children: [],
    product: null,
    params: '',
    links: first && machine.address !== null ? [showLink(world, machine, nic)] : [],
    id: nic.id,
    parents: [],
    link_connected: true,
    interface_speed: 0,
    link_speed: 0,
    sriov_max_vf: 0,
    numa_node: 0,
    resource_uri: `${API}nodes/${machine.systemId}/interfaces/${nic.id}/`,
  };
}

function showLink(world: SandboxContext, machine: Machine, nic: Nic) {
  const { subnet } = network(world);
  return {
    id: nic.id,
    mode: 'auto',
    ip_address: machine.address,
    subnet: subnet ? { id: subnet.id, name: subnet.name, cidr: subnet.cidr } : null,
  };
}

function showGateways(world: SandboxContext, machine: Machine) {
  const gateway = machine.address === null ? null : (network(world).subnet?.gateway_ip ?? null);
  return { ipv4: { gateway_ip: gateway, link_id: null }, ipv6: { gateway_ip: null, link_id: null } };
}

function volumeGroups(machine: Machine) {
  const volume = machine.disks.find((disk) => disk.type === 'virtual');
  return volume ? [{ system_id: machine.systemId, id: volume.id, __incomplete__: true }] : [];
}

function showResults(world: SandboxContext, machine: Machine) {
  const of = (id: number | null) => statusOfResults(setAt(world, id)?.results ?? []);
  const commissioning = of(machine.commissioningSet);
  const testing = of(machine.testingSet);
  const kinds = {
    commissioning,
    testing,
    cpu_test: -1,
    memory_test: -1,
    network_test: -1,
    storage_test: testing,
    other_test: -1,
    interface_test: -1,
  };
  return {
    current_commissioning_result_id: machine.commissioningSet,
    current_testing_result_id: machine.testingSet,
    current_installation_result_id: machine.installationSet,
    ...Object.fromEntries(
      Object.entries(kinds).flatMap(([kind, status]) => [
        [`${kind}_status`, status],
        [`${kind}_status_name`, shownScript(status)],
      ]),
    ),
  };
}
