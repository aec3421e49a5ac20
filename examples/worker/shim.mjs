// The main module for scripts/worker. With wrangler, worker-build writes another.
import module from "./index_bg.wasm";
import { fetch, initSync } from "./index.js";

initSync({ module });
export default { fetch };
