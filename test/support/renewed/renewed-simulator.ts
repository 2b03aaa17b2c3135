/** The simulator, which can start again in the same workerd (renewal.ts). An entry for runWorker, never deployed. */
import simulator, {
  Simulator as Plain,
  type Env as SimulatorEnv,
} from '../../../simulator/index.ts'
import { answerRenewal, envOfTurn, noteObject, wipeObject } from './renewal.ts'

export class Simulator extends Plain {
  constructor(ctx: DurableObjectState, env: SimulatorEnv) {
    super(noteObject(ctx, env.SIMULATOR), envOfTurn(env))
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }
}

export default {
  async fetch(request: Request, env: SimulatorEnv): Promise<Response> {
    return (await answerRenewal(request, env)) ?? simulator.fetch(request, envOfTurn(env))
  },
}
