import { formatDuration } from '../../i18n/format';
import { useLocale } from '../../i18n/LocaleProvider';
import { Table } from '../parts';
import { Share } from './Share';

interface RegionTableProps {
  label: string;
  testId: string;
  heads: string[];
  rows: { region: string; display_name: string; cameras: number; share: number | null; lost_ms: number }[];
  onDrill: (region: string) => void;
}

/** How the regions below one do, and a way into each. */
export function RegionTable({ label, testId, heads, rows, onDrill }: RegionTableProps) {
  const { locale } = useLocale();
  if (rows.length === 0) return null;
  return (
    <Table label={label} testId={testId} heads={heads}>
      {rows.map((row) => (
        <tr key={row.region} data-region={row.region}>
          <th scope="row">
            <button type="button" className="link-button" onClick={() => onDrill(row.region)}>
              {row.display_name}
            </button>
          </th>
          <td className="digits">{row.cameras}</td>
          <td>
            <Share value={row.share} />
          </td>
          <td className="digits">{formatDuration(row.lost_ms, locale)}</td>
        </tr>
      ))}
    </Table>
  );
}
