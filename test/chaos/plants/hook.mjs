import { register } from 'node:module';

/*
 * Loaded into a service before its program: changes modules of the build on their way into the process. The bug lives in
 * that process alone; neither the sources nor the build know of it.
 */

const plant = JSON.parse(process.env.WARREN_PLANT ?? 'null');
if (plant !== null) register('./loader.mjs', import.meta.url, { data: plant });
