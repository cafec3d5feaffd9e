import type { Region } from '../../api/types';
import { useRegistry } from '../../cameras/RegistryProvider';
import { useWords } from '../words/useWords';

interface CrumbsProps {
  /** "" for everything. */
  region: string;
  onChoose: (region: string) => void;
}

/** The way down to a region, each step a way back up. */
export function Crumbs({ region, onChoose }: CrumbsProps) {
  const words = useWords();
  const { regions } = useRegistry();
  const byName = new Map(regions.map((each) => [each.name, each]));
  const path: Region[] = [];
  for (let at = byName.get(region); at !== undefined; at = byName.get(at.parent)) {
    path.unshift(at);
    byName.delete(at.name);
  }
  return (
    <nav className="crumbs" aria-label={words.dashboard.region}>
      <ol>
        {[{ name: '', display_name: words.dashboard.everything }, ...path].map((step) => (
          <li key={step.name}>
            <button
              type="button"
              className="link-button"
              aria-current={step.name === region ? 'location' : undefined}
              onClick={() => onChoose(step.name)}
            >
              {step.display_name}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
