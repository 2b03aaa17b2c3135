/** A big storm over six accounts with ten SIGKILLs, on the tests' own witness; of 3,000 creations: `npm run soak`. */
import { testBigStorm } from '../../support/storm/big-storm.ts'

testBigStorm('witness', 800)
