import { FatalError } from "@lastknown/shared";

/** One schema id with two texts, of which the audit's readers believe the first. */
export function schemaConflict(schemaId: number, where: string, auditTopic: string): FatalError {
  return new FatalError(
    `schema ${schemaId} has another text ${where} than in ${auditTopic}, by which its entries are read`,
    {
      fix: "the registry lost its schemas and gave the id away again: restore its storage, or point LASTKNOWN_REGISTRY_URL at the registry that the fleet began with",
    },
  );
}
