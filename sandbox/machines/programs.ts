import type { EventType } from './event-types.ts';
import type { Stage } from './failures.ts';
import type { StepContext } from './step-context.ts';
import { finishCommissioning, finishTesting, startGathering, startTests } from './steps-commission.ts';
import { askGuest, askInstall, finishDeployment, finishInstall, startInstall } from './steps-deploy.ts';
import { finishErase, finishRelease, finishRescue, leaveRescue } from './steps-release.ts';
import type { Timing } from './timing.ts';

export interface Step {
  /** The delay until this happens. */
  after: keyof Timing;
  /** The entry of the log. */
  event?: EventType;
  /** The machine has to be switched on or off for it. */
  power?: 'on' | 'off';
  /** The point at which a failure rule can strike, before anything else happens here. */
  stage?: Stage;
  do?(turn: StepContext): void;
}

const boot: Step[] = [
  { after: 'power', power: 'on' },
  { after: 'boot', event: 'PERFORMING_PXE_BOOT' },
  { after: 'boot', event: 'LOADING_EPHEMERAL' },
];

/** The steps of a machine, one list for each operation. */
export const PROGRAMS: Record<string, Step[]> = {
  commission: [
    ...boot,
    { after: 'boot', do: startGathering },
    { after: 'commission', stage: 'commissioning', do: finishCommissioning },
    { after: 'test', stage: 'testing', do: finishTesting },
  ],
  test: [...boot, { after: 'boot', do: startTests }, { after: 'test', stage: 'testing', do: finishTesting }],
  deploy: [
    ...boot,
    { after: 'boot', event: 'CONFIGURING_STORAGE', do: startInstall },
    { after: 'install', event: 'INSTALLING_OS' },
    { after: 'install', event: 'CONFIGURING_OS' },
    { after: 'install', stage: 'deploying', event: 'REBOOTING', do: finishInstall },
    { after: 'reboot', do: askGuest },
    { after: 'power', do: finishDeployment },
  ],
  /** The same where curtin is real: it has its own time and its own events. */
  'deploy-by-curtin': [
    { after: 'power', power: 'on' },
    { after: 'boot', event: 'PERFORMING_PXE_BOOT', do: askInstall },
    { after: 'power', stage: 'deploying', event: 'REBOOTING', do: finishInstall },
    { after: 'power', do: askGuest },
    { after: 'power', do: finishDeployment },
  ],
  release: [{ after: 'power', stage: 'releasing', power: 'off', do: finishRelease }],
  erase: [...boot, { after: 'erase', stage: 'erasing', do: finishErase }],
  rescue: [
    { after: 'power', power: 'on', stage: 'rescue' },
    { after: 'boot', event: 'PERFORMING_PXE_BOOT' },
    { after: 'boot', event: 'LOADING_EPHEMERAL', do: finishRescue },
  ],
  'exit-rescue': [{ after: 'power', power: 'off', do: leaveRescue }],
  'power-on': [
    { after: 'power', power: 'on' },
    { after: 'boot', do: askGuest },
  ],
  'power-off': [{ after: 'power', power: 'off' }],
};
