// What is new, as it comes: one stream of server-sent events for the page that is shown.
import { api, say, loginPage, Unknown } from './console.js';

// follow opens a stream, and opens it anew when it breaks, or the page is seen again. It
// tells of each row, change, gap and start, and returns what ends it.
export function follow(params, told) {
  let source = null;
  let seen = ''; // the newest that came, from which a new stream goes on
  const open = () => {
    source?.close();
    const query = new URLSearchParams(params);
    if (seen) query.set('since', seen);
    source = new EventSource(`api/stream?${query}`);
    source.onopen = () => say('live');
    source.onmessage = (event) => {
      seen = event.lastEventId;
      told.row?.(JSON.parse(event.data));
    };
    source.addEventListener('start', (event) => { seen = event.lastEventId; told.start?.(); });
    source.addEventListener('change', (event) => told.change?.(JSON.parse(event.data)));
    source.addEventListener('gap', (event) => told.gap?.(Number(event.data)));
    source.onerror = () => {
      say('connection lost, trying again …', true);
      if (source.readyState === EventSource.CLOSED) {
        const again = () => setTimeout(() => { if (source?.readyState === EventSource.CLOSED && !document.hidden) open(); }, 3000);
        api('overview').then(() => { say('too many live views are open, trying again …', true); again(); }).catch((error) => (error instanceof Unknown ? loginPage() : again()));
      }
    };
  };
  const hidden = () => {
    if (document.hidden) { source?.close(); say('paused while the page is hidden'); } else open();
  };
  document.addEventListener('visibilitychange', hidden);
  open();
  return () => { document.removeEventListener('visibilitychange', hidden); source.close(); source = null; };
}
