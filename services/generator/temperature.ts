import type { GenerationRequest } from './models/model.ts';

/** Answers from sources should say the same each time. */
const GROUNDED_TEMPERATURE = 0.2;

/** As the job asks; low for answers from sources; else the model's own. */
export const temperatureOf = ({ temperature, passages }: GenerationRequest): number | undefined =>
  temperature ?? (passages === undefined ? undefined : GROUNDED_TEMPERATURE);
