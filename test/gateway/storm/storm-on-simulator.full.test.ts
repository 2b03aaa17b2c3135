/** The same storm on the simulator, with every fault that it has. */
import { testBigStorm } from '../../support/storm/big-storm.ts'

testBigStorm('simulator', 400)
