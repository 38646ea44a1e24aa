-- The live process reads what was sealed, to tell pages that what they watch has moved; it writes nothing and sees no vault.

GRANT USAGE ON SCHEMA ledger TO yimai_live;
GRANT SELECT ON ledger.leaf, ledger.entry TO yimai_live;
CREATE POLICY live ON ledger.leaf FOR SELECT TO yimai_live USING (true);
CREATE POLICY live ON ledger.entry FOR SELECT TO yimai_live USING (true);
