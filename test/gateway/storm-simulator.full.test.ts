/** The same storm on the simulator, with every fault that it has. */
import { testBigStorm } from '../support/big-storm.ts'

testBigStorm('simulator', 400)
