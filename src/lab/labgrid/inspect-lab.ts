/** What a labgrid lab has of what is asked for; it is only asked. */
import { leaseName } from "./holders.js";
import { parseLabgridAddress } from "./address.js";
import { CoordinatorSession } from "./session.js";
import { findPlaces } from "./take-place.js";

/**
 * @returns for people: `lab:20408: shelf-1 is free; ci-3/anna has shelf-2`
 * @throws what a run would throw without a place
 */
export async function inspectLabgrid(url: URL): Promise<string> {
  const wanted = parseLabgridAddress(url);
  const session = await CoordinatorSession.open(wanted.coordinator, leaseName());
  try {
    const { places } = findPlaces(session, wanted);
    const told = places.map(({ name, acquired = "" }) =>
      acquired === "" ? `${name} is free` : `${acquired} has ${name}`,
    );
    const shown = told.length > 5 ? [...told.slice(0, 5), `${told.length - 5} more`] : told;
    return `${wanted.coordinator}: ${shown.join("; ")}`;
  } finally {
    session.close();
  }
}
