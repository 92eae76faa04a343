/** The numbers that MAAS gives the statuses of a node. */
export const STATUS = {
  NEW: 0,
  COMMISSIONING: 1,
  FAILED_COMMISSIONING: 2,
  MISSING: 3,
  READY: 4,
  RESERVED: 5,
  DEPLOYED: 6,
  RETIRED: 7,
  BROKEN: 8,
  DEPLOYING: 9,
  ALLOCATED: 10,
  FAILED_DEPLOYMENT: 11,
  RELEASING: 12,
  FAILED_RELEASING: 13,
  DISK_ERASING: 14,
  FAILED_DISK_ERASING: 15,
  RESCUE_MODE: 16,
  ENTERING_RESCUE_MODE: 17,
  FAILED_ENTERING_RESCUE_MODE: 18,
  EXITING_RESCUE_MODE: 19,
  FAILED_EXITING_RESCUE_MODE: 20,
  TESTING: 21,
  FAILED_TESTING: 22,
} as const;

export type StatusName = keyof typeof STATUS;
export type Status = (typeof STATUS)[StatusName];

const SHOWN = [
  'New',
  'Commissioning',
  'Failed commissioning',
  'Missing',
  'Ready',
  'Reserved',
  'Deployed',
  'Retired',
  'Broken',
  'Deploying',
  'Allocated',
  'Failed deployment',
  'Releasing',
  'Releasing failed',
  'Disk erasing',
  'Failed disk erasing',
  'Rescue mode',
  'Entering rescue mode',
  'Failed to enter rescue mode',
  'Exiting rescue mode',
  'Failed to exit rescue mode',
  'Testing',
  'Failed testing',
] as const;

/** As `status_name` has it. */
export const shownStatus = (status: Status): string => SHOWN[status];

export const statusKey = (status: Status): StatusName =>
  (Object.keys(STATUS) as StatusName[]).find((key) => STATUS[key] === status) as StatusName;

const FAILED: Partial<Record<Status, Status>> = {
  [STATUS.COMMISSIONING]: STATUS.FAILED_COMMISSIONING,
  [STATUS.DEPLOYING]: STATUS.FAILED_DEPLOYMENT,
  [STATUS.RELEASING]: STATUS.FAILED_RELEASING,
  [STATUS.DISK_ERASING]: STATUS.FAILED_DISK_ERASING,
  [STATUS.ENTERING_RESCUE_MODE]: STATUS.FAILED_ENTERING_RESCUE_MODE,
  [STATUS.EXITING_RESCUE_MODE]: STATUS.FAILED_EXITING_RESCUE_MODE,
  [STATUS.TESTING]: STATUS.FAILED_TESTING,
};

/** The status after a failure of each ongoing status. */
export const failedOf = (status: Status): Status | undefined => FAILED[status];

const among = (...names: StatusName[]) => new Set<Status>(names.map((name) => STATUS[name]));

/** From where each action may start; the form of the action says so otherwise. */
export const ACTIONABLE = {
  commission: among('NEW', 'FAILED_COMMISSIONING', 'READY', 'BROKEN'),
  test: among(
    'FAILED_COMMISSIONING',
    'NEW',
    'READY',
    'RESERVED',
    'ALLOCATED',
    'FAILED_DEPLOYMENT',
    'DEPLOYED',
    'MISSING',
    'RETIRED',
    'BROKEN',
    'RESCUE_MODE',
    'FAILED_RELEASING',
    'FAILED_DISK_ERASING',
    'FAILED_ENTERING_RESCUE_MODE',
    'FAILED_EXITING_RESCUE_MODE',
    'FAILED_TESTING',
  ),
  release: among(
    'ALLOCATED',
    'RESERVED',
    'BROKEN',
    'DEPLOYING',
    'DEPLOYED',
    'FAILED_DEPLOYMENT',
    'FAILED_DISK_ERASING',
    'FAILED_RELEASING',
  ),
};
