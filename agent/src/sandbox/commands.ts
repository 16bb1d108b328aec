/** Programs run where a network namespace is: this node's, or a pod's. */
import { exec } from '@atoll/service/exec';

export interface NodeCommands {
  run(command: string, args: readonly string[], input?: string): Promise<{ stdout: string; stderr: string }>;
}

/** `netns` is the path of a network namespace; null for the one this process is in. Nothing else is changed into. */
export function commandsIn(netns: string | null): NodeCommands {
  return {
    run: (command, args, input = '') =>
      netns === null
        ? exec(command, args, { input })
        : exec('nsenter', [`--net=${netns}`, '--', command, ...args], { input }),
  };
}
