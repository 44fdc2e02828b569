// Loaded into jest and its workers, so that a killed `npm test` leaves none of them behind.

import { whenParentIsGone } from "../parent.mjs";

whenParentIsGone(() => process.exit(1));
