-- Row security: of the ledger and the vault the role yimai_screen, with which pages read, sees what the policies let through
-- that the projections bring along (projections/audience.py); until they are there it sees nothing. The roles that decide
-- and seal see every row by a policy of their own. The owner, which nobody signs in as, is bound by none: backups are whole.

ALTER TABLE ledger.identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.chain ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.head ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.sealing ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.person ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.record ENABLE ROW LEVEL SECURITY;

CREATE POLICY app ON ledger.identity TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.entry TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.chain TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.head TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.claim TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.leaf TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.seal TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON ledger.sealing TO yimai_app, yimai_sealer USING (true);
CREATE POLICY app ON vault.person TO yimai_app USING (true);
CREATE POLICY app ON vault.record TO yimai_app USING (true);

GRANT USAGE ON SCHEMA ledger, vault TO yimai_screen;
