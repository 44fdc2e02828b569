import { SharedSource } from "./shared-source.js";

/**
 * Listens to `/status/stream` for as long as the page is looked at, and comes back where that breaks off.
 *
 * @param {{ onHistory: (columns: Record<string, (number | null)[]>) => void, onSnapshot: (snapshot: object) => void,
 *   onState: (state: "live" | "lost" | "paused") => void }} listener
 */
export function listenToStatus({ onHistory, onSnapshot, onState }) {
  const source = new SharedSource({
    onHistory,
    onSnapshot: (snapshot) => {
      onState("live");
      onSnapshot(snapshot);
    },
    onLost: () => onState("lost"),
  });
  const follow = () => {
    if (document.hidden) {
      source.close();
      onState("paused");
    } else {
      source.open();
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}
