/** Exit codes of every command, documented in docs/exit-codes.md. */
export const EXIT = {
  ok: 0,
  unclassified: 1,
  usage: 2,
  config: 3,
  host: 4,
  build: 5,
  validation: 6,
  maas: 7,
  /** No fault: `site plan --detailed-exitcode` found differences. */
  differences: 8,
  temporary: 75,
  // Nothing new; used only by `nightly --exit-code`.
  unchanged: 77,
  sigint: 130,
  sigterm: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Every code an error of ours can carry, with the exit code it leads to.
 * A code is a promise to scripts: it is never renamed, only added.
 */
export const CATALOGUE = {
  // usage
  USAGE: EXIT.usage,
  // configuration
  CONFIG_NOT_FOUND: EXIT.config,
  CONFIG_SYNTAX: EXIT.config,
  CONFIG_INVALID: EXIT.config,
  IMAGE_UNKNOWN: EXIT.config,
  IMAGE_NOT_BUILT: EXIT.config,
  TARGET_UNKNOWN: EXIT.config,
  RELEASE_UNKNOWN: EXIT.config,
  FILE_EXISTS: EXIT.config,
  // host
  TOOL_MISSING: EXIT.host,
  TOOL_TOO_OLD: EXIT.host,
  TOOL_FAILED: EXIT.host,
  PLUGIN_MISSING: EXIT.host,
  PACKAGE_MISSING: EXIT.host,
  KVM_UNUSABLE: EXIT.host,
  HOST_MEMORY: EXIT.host,
  QEMU_NO_NETWORK: EXIT.host,
  QEMU_REFUSED: EXIT.host,
  FIRMWARE_MISSING: EXIT.host,
  SUBMODULE_MISSING: EXIT.host,
  SUBMODULE_UNREADABLE: EXIT.config,
  DISK_FULL: EXIT.host,
  NO_PERMISSION: EXIT.host,
  HOST_LIMIT: EXIT.host,
  IO_FAILED: EXIT.host,
  PATH_UNUSABLE: EXIT.config,
  NODE_TOO_OLD: EXIT.host,
  // the installation medium
  ISO_NOT_FOUND: EXIT.config,
  ISO_TRUNCATED: EXIT.config,
  ISO_CHECKSUM: EXIT.config,
  ISO_NOT_DGX: EXIT.config,
  ISO_DOWNLOAD: EXIT.temporary,
  PLATFORM_UNKNOWN: EXIT.config,
  LICENCE_NOT_ACCEPTED: EXIT.config,
  SUMS_UNTRUSTED: EXIT.config,
  ARCHIVE_UNUSABLE: EXIT.build,
  LOCK_UNREADABLE: EXIT.config,
  FOREIGN_ARCHITECTURE: EXIT.host,
  // render
  TEMPLATE_FAILED: EXIT.build,
  // build
  BUILD_FAILED: EXIT.build,
  BUILD_TIMEOUT: EXIT.build,
  NAMESPACE_UNUSABLE: EXIT.host,
  BUILD_NO_SSH: EXIT.build,
  BUILD_MISTYPED: EXIT.build,
  BUILD_INSTALL_FAILED: EXIT.build,
  BUILD_NO_ARTIFACT: EXIT.build,
  BUILD_MISSING: EXIT.temporary,
  PORT_TAKEN: EXIT.temporary,
  DISK_LOCKED: EXIT.temporary,
  // pack
  TAR_TRUNCATED: EXIT.build,
  TAR_INVALID: EXIT.build,
  PACK_FAILED: EXIT.build,
  DISK_UNREADABLE: EXIT.config,
  // validation
  IMAGE_REJECTED: EXIT.validation,
  IMAGE_UNREADABLE: EXIT.validation,
  // attestation
  SIGNING_KEY_INVALID: EXIT.config,
  // MAAS
  MAAS_UNREACHABLE: EXIT.temporary,
  MAAS_BUSY: EXIT.temporary,
  MAAS_UNAUTHORIZED: EXIT.maas,
  MAAS_FORBIDDEN: EXIT.maas,
  MAAS_REFUSED: EXIT.maas,
  MAAS_NOT_FOUND: EXIT.maas,
  MAAS_PROTOCOL: EXIT.maas,
  MAAS_DISK_FULL: EXIT.temporary,
  UPLOAD_MISMATCH: EXIT.maas,
  UPLOAD_CHANGED: EXIT.maas,
  UPLOAD_MISSING: EXIT.config,
  API_KEY_INVALID: EXIT.config,
  API_KEY_MISSING: EXIT.config,
  // acceptance
  IMAGE_QUARANTINED: EXIT.validation,
  MACHINE_UNAVAILABLE: EXIT.temporary,
  SSH_UNREACHABLE: EXIT.temporary,
  SSH_DENIED: EXIT.config,
  SSH_HOST_KEY: EXIT.host,
  SSH_KEY_UNUSABLE: EXIT.config,
  // machines
  MACHINE_UNKNOWN: EXIT.maas,
  MACHINE_STATE: EXIT.maas,
  MACHINE_NO_EFI: EXIT.maas,
  MACHINES_FILE_INVALID: EXIT.config,
  POWER_INVALID: EXIT.config,
  // rehearsal
  CURTIN_MISSING: EXIT.host,
  EPHEMERAL_UNUSABLE: EXIT.host,
  DOWNLOAD_FAILED: EXIT.temporary,
  REHEARSAL_FAILED: EXIT.validation,
  REHEARSAL_TIMEOUT: EXIT.temporary,
  REHEARSAL_STOPPED: EXIT.temporary,
  // workspace
  WORKSPACE_LOCKED: EXIT.temporary,
  WORKSPACE_CORRUPT: EXIT.unclassified,
  // the store
  STORE_UNREACHABLE: EXIT.temporary,
  STORE_REFUSED: EXIT.host,
  STORE_DAMAGED: EXIT.validation,
  // the queue
  QUEUE_UNREACHABLE: EXIT.temporary,
  QUEUE_REFUSED: EXIT.host,
  UNIT_ABANDONED: EXIT.build,
  UNIT_CANCELLED: EXIT.temporary,
  UNIT_MISMATCH: EXIT.config,
  // process
  INTERRUPTED: EXIT.sigint,
  TERMINATED: EXIT.sigterm,
  INTERNAL: EXIT.unclassified,
} as const satisfies Record<string, ExitCode>;

export type FaultCode = keyof typeof CATALOGUE;
