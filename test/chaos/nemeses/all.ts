import { away } from './away.ts';
import { blackHole } from './black-hole.ts';
import { brokerAlarm } from './broker-alarm.ts';
import { brokerChannels } from './broker-channels.ts';
import { brokerConnections } from './broker-connections.ts';
import { brokerFreeze } from './broker-freeze.ts';
import { brokerKill } from './broker-kill.ts';
import { brokerRestart } from './broker-restart.ts';
import { databaseFreeze } from './database-freeze.ts';
import { databaseKill } from './database-kill.ts';
import { databaseReset } from './database-reset.ts';
import { databaseSlow } from './database-slow.ts';
import { desert } from './desert.ts';
import { freeze } from './freeze.ts';
import { kill } from './kill.ts';
import { latency } from './latency.ts';
import { leaderKill } from './leader-kill.ts';
import { majorityLoss } from './majority-loss.ts';
import type { Nemesis } from './nemesis.ts';
import { partition } from './partition.ts';
import { providerFaults } from './provider-faults.ts';
import { replayKill } from './replay-kill.ts';
import { roll } from './roll.ts';

/** Every kind of disturbance there is. */
export const NEMESES: readonly Nemesis[] = [
  kill,
  freeze,
  roll,
  away,
  desert,
  brokerKill,
  brokerRestart,
  brokerFreeze,
  brokerConnections,
  brokerChannels,
  brokerAlarm,
  leaderKill,
  majorityLoss,
  databaseKill,
  databaseFreeze,
  databaseReset,
  databaseSlow,
  partition,
  blackHole,
  latency,
  providerFaults,
  replayKill,
];
