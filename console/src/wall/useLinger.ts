import { useEffect, useState } from 'react';

/** True at once when `wanted`, false only when it has not been for a while: a glance away ends nothing. */
export function useLinger(wanted: boolean, milliseconds: number): boolean {
  const [lingering, setLingering] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setLingering(wanted), wanted ? 0 : milliseconds);
    return () => clearTimeout(timer);
  }, [wanted, milliseconds]);
  return wanted || lingering;
}
