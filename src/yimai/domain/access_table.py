"""Who may do what: the one table. Everything that asks whether somebody may do or read something asks it.

A row is a verb as ``actions.verbs`` names it, something that is done to an ``account``, or something to ``read``. After
the stroke stands in which capacity somebody takes part beside the one who acts: a second person who verifies, an
approver, a giver, people at work, or those whose signed reasons open a rule.

``now`` says in which states of the treatment it is done: ``g`` going on, ``h`` held, ``e`` ended; ``---`` for what is
about no treatment.

A column is a role: co coordinator, nu nurse, ph physician (of a hospital); cr courier; op operator, 2p second person
(who only checks and countersigns), qc analyst of quality control, qa quality assurance, qp qualified person, sc
scheduler (of a base); pl planner, in inspector, ad administrator.

A cell says what the role may do it with:

    .   nothing
    x   never, whatever another role of the same person permits: an explicit no wins
    h   treatments that one's own hospital ordered
    b   treatments that one's own base makes
    c   treatments of which one carries a shipment, carried one, or is about to take one over (couriers only)
    o   things of one's own site: a suite, a piece of equipment, a lot, a colleague, an order to be placed
    s   things of other sites
    n   what belongs to no site: recipes, the programme, the register of sites, the ledger's roots
    d   what is in one's own district (inspectors only, who read and take copies)

Every cell is written out. A row, a column or a cell that is missing stops the program when it starts.

Beside it stand rules about people, not roles: nobody checks, approves or countersigns their own work. Each is a rule of
its noun (``deviation.own_work``, ``disposition.not_independent``, ``sample.same_analyst`` …).
"""

from __future__ import annotations

from typing import Final

TABLE: Final = """
verb/capacity                           now | co nu ph | cr | op 2p qc qa qp sc | pl in ad
# approval: recipes, the programme and measures belong to no site, a base's file to the base
approval.approve_recipe                 --- | .  .  .  | .  | .  .  .  .  n  .  | x  x  x
approval.approve_base                   --- | .  .  .  | .  | .  .  .  .  o  .  | x  x  x
approval.approve_programme              --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
approval.approve_measure                --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
# plan, register: the city's, of no site
plan.draft                              --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
plan.give_status                        --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
plan.set_goal                           --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
plan.set_target                         --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
plan.take_in                            --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
plan.supersede_target                   --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
register.record                         --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
annual_return.file                      --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
receipt.publish                         --- | .  .  .  | .  | .  .  .  .  .  .  | n  x  x
# treatment
treatment.order                         --- | o  .  o  | .  | .  .  .  .  .  .  | x  x  x
treatment.record_consent                gh- | h  .  h  | .  | .  .  .  .  .  .  | x  x  x
treatment.report_markers                gh- | h  h  h  | .  | .  .  .  .  .  .  | x  x  x
treatment.accept                        gh- | .  .  .  | .  | .  .  .  b  .  b  | x  x  x
treatment.decline                       gh- | .  .  .  | .  | .  .  .  b  .  b  | x  x  x
treatment.hold                          g-- | h  .  h  | .  | .  .  .  b  .  b  | x  x  x
treatment.resume                        -h- | h  .  h  | .  | .  .  .  b  .  b  | x  x  x
treatment.cancel                        gh- | h  .  h  | .  | .  .  .  b  .  b  | x  x  x
treatment.withdraw                      gh- | .  .  h  | .  | .  .  .  .  .  .  | x  x  x
treatment.decide_fate                   ghe | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
treatment.export                        ghe | h  .  h  | x  | .  .  .  b  b  .  | x  d  x
# slot
slot.reserve                            g-- | h  .  h  | .  | .  .  .  .  .  b  | x  x  x
slot.free                               ghe | h  .  h  | .  | .  .  .  .  .  b  | x  x  x
timetable.repair                        --- | .  .  .  | .  | .  .  .  .  .  o  | x  x  x
# label
label.issue                             ghe | h  h  .  | .  | b  .  b  b  .  .  | x  x  x
label.use                               ghe | h  h  .  | .  | b  .  b  b  .  .  | x  x  x
label.use/verifier                      ghe | h  h  .  | .  | b  hb b  b  .  .  | x  x  x
label.destroy                           ghe | h  h  .  | .  | b  .  b  b  .  .  | x  x  x
# collection
collection.start                        g-- | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
collection.start/verifier               g-- | .  h  h  | .  | .  h  .  .  .  .  | x  x  x
collection.complete                     ghe | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
collection.complete/verifier            ghe | .  h  h  | .  | .  h  .  .  .  .  | x  x  x
collection.fail                         ghe | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
# custody
custody.pack                            ghe | h  h  .  | .  | b  .  .  .  .  .  | x  x  x
custody.hand_over                       ghe | h  h  h  | c  | b  .  .  b  .  .  | x  x  x
custody.hand_over/giver                 ghe | h  h  h  | c  | b  .  .  b  .  .  | x  x  x
custody.hand_over/taker                 ghe | h  h  .  | c  | b  .  .  .  .  .  | x  x  x
custody.report_temperature              ghe | h  h  .  | c  | b  .  .  b  .  .  | x  x  x
custody.assess_excursion                ghe | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
custody.receive                         ghe | .  h  .  | .  | b  .  .  .  .  .  | x  x  x
custody.receive/verifier                ghe | .  h  h  | .  | b  hb .  b  .  .  | x  x  x
custody.receive/reasons                 ghe | .  .  h  | .  | .  .  .  b  .  .  | x  x  x
custody.store                           ghe | .  h  .  | .  | b  .  .  b  .  .  | x  x  x
custody.retrieve                        ghe | .  h  .  | .  | b  .  .  b  .  .  | x  x  x
custody.destroy                         ghe | .  h  .  | .  | b  .  .  b  .  .  | x  x  x
custody.destroy/verifier                ghe | .  h  h  | .  | b  hb .  b  .  .  | x  x  x
# suite, equipment, material lot: things of one site
suite.clear_line                        g-- | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
suite.clear_line/verifier               g-- | .  .  .  | .  | b  b  .  b  .  .  | x  x  x
suite.take_out                          --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
suite.put_back                          --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
equipment.register                      --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  o
equipment.calibrate                     --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
equipment.take_out                      --- | .  .  .  | .  | o  .  .  o  o  .  | x  x  x
equipment.put_back                      --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
material_lot.receive                    --- | .  .  .  | .  | o  .  o  o  o  .  | x  x  x
material_lot.release                    --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
material_lot.reject                     --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
# batch
batch.open_batch                        g-- | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.open_batch/reasons                g-- | .  .  h  | .  | .  .  .  b  .  .  | x  x  x
batch.start_step                        g-- | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.start_step/operators              g-- | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.start_step/reasons                g-- | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
batch.record_entry                      ghe | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.complete_step                     ghe | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.complete_step/verifier            ghe | .  .  .  | .  | b  b  .  .  .  .  | x  x  x
batch.correct_entry                     ghe | .  .  .  | .  | b  .  .  b  .  .  | x  x  x
batch.correct_entry/verifier            ghe | .  .  .  | .  | b  b  .  b  .  .  | x  x  x
batch.complete_batch                    ghe | .  .  .  | .  | b  .  .  .  .  .  | x  x  x
batch.fail_batch                        ghe | .  .  .  | .  | b  .  .  b  b  .  | x  x  x
# sample
sample.take                             g-- | .  .  .  | .  | b  .  b  .  .  .  | x  x  x
sample.receive                          ghe | .  .  .  | .  | .  .  b  .  .  .  | x  x  x
sample.void                             ghe | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
sample.record_result                    ghe | .  .  .  | .  | .  .  b  .  .  .  | x  x  x
sample.verify_result                    ghe | .  .  .  | .  | .  .  b  .  .  .  | x  x  x
sample.invalidate_result                ghe | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
# deviation
deviation.report                        ghe | .  .  .  | .  | b  .  b  b  b  .  | x  x  x
deviation.assess                        ghe | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
deviation.close                         ghe | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
deviation.close/approver                ghe | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
# disposition
disposition.review                      g-- | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
disposition.release_conditionally       g-- | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
disposition.release                     g-- | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
disposition.supply_out_of_specification g-- | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
disposition.issue_certificate           ghe | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
disposition.reject                      ghe | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
disposition.revoke                      ghe | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
# out-of-specification supply
oos_supply.request                      g-- | .  .  h  | .  | .  .  .  .  .  .  | x  x  x
oos_supply.evaluate_risk                g-- | .  .  .  | .  | .  .  .  .  b  .  | x  x  x
oos_supply.accept_risk                  g-- | .  .  h  | .  | .  .  .  .  .  .  | x  x  x
oos_supply.give_notice                  g-- | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
# infusion
infusion.confirm_availability           g-- | h  .  h  | .  | .  .  .  b  b  b  | x  x  x
infusion.start_lymphodepletion          g-- | .  .  h  | .  | .  .  .  .  .  .  | x  x  x
infusion.issue_permit                   g-- | .  .  .  | .  | .  .  .  b  b  .  | x  x  x
infusion.withdraw_permit                ghe | .  .  h  | .  | .  .  .  b  b  .  | x  x  x
infusion.thaw                           g-- | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
infusion.match_bedside                  g-- | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
infusion.match_bedside/verifier         g-- | .  h  h  | .  | .  h  .  .  .  .  | x  x  x
infusion.start                          g-- | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
infusion.start/verifier                 g-- | .  h  h  | .  | .  h  .  .  .  .  | x  x  x
infusion.continue_with                  g-- | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
infusion.continue_with/verifier         g-- | .  h  h  | .  | .  h  .  .  .  .  | x  x  x
infusion.finish                         ghe | .  h  h  | .  | .  .  .  .  .  .  | x  x  x
# outcome and retention
outcome.report                          ghe | .  .  h  | .  | .  .  .  .  .  .  | x  x  x
outcome.close                           gh- | h  .  h  | .  | .  .  .  .  .  .  | x  x  x
retention.start                         --e | h  .  h  | .  | .  .  .  b  .  .  | x  x  x
retention.restrict                      --e | h  .  h  | .  | .  .  .  b  .  .  | x  x  x
retention.destroy                       --e | .  .  .  | .  | .  .  .  b  .  .  | x  x  x
# site: sites and the people who work there
site.register_site                      --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
site.register_person                    --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
site.change_roles                       --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
site.qualify_person                     --- | .  .  .  | .  | .  .  .  o  .  .  | x  x  x
site.withdraw_qualification             --- | .  .  .  | .  | .  .  .  o  o  .  | x  x  x
site.revoke_passkey                     --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
site.register_passkey                   --- | o  o  o  | o  | o  o  o  o  o  o  | o  o  o
site.withdraw_passkey                   --- | o  o  o  | o  | o  o  o  o  o  o  | o  o  o
# account: what is done to people's accounts by their administrators; it is no fact of the ledger
account.issue_password                  --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
account.unlock                          --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
account.end_sessions                    --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
account.revoke                          --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
account.bind_provider                   --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
account.unbind_provider                 --- | .  .  .  | .  | .  .  .  .  .  .  | x  x  os
# read: what pages, the vault and exports show
read.patient                            ghe | h  h  h  | x  | .  h  .  .  .  .  | x  d  x
read.consent                            ghe | h  h  h  | x  | .  .  .  .  .  .  | x  d  x
read.logger                             ghe | h  h  h  | x  | b  .  b  b  b  b  | x  d  x
read.deviation_note                     ghe | .  .  .  | x  | b  .  b  b  b  .  | x  d  x
read.risk_evaluation                    ghe | .  .  h  | x  | .  .  .  b  b  .  | x  d  x
read.treatment                          ghe | h  h  h  | .  | b  hb b  b  b  b  | x  d  x
read.shipment                           ghe | h  h  h  | c  | b  hb b  b  b  b  | x  d  x
read.label                              ghe | h  h  h  | .  | b  hb b  b  b  b  | x  d  x
read.facts                              ghe | h  h  h  | .  | b  hb b  b  b  b  | x  d  x
read.suites                             --- | .  .  .  | .  | o  o  o  o  o  o  | x  d  x
read.allocation                         ghe | .  .  .  | .  | .  .  .  b  b  b  | x  d  x
read.timetable                          --- | .  .  .  | .  | o  .  .  o  o  o  | x  d  x
read.equipment                          --- | .  .  .  | .  | o  o  o  o  o  o  | .  d  o
read.material_lots                      --- | .  .  .  | .  | o  o  o  o  o  o  | .  d  x
read.people                             --- | o  o  o  | o  | o  o  o  o  o  o  | .  d  os
read.accounts                           --- | .  .  .  | .  | .  .  .  .  .  .  | .  .  os
read.account_events                     --- | .  .  .  | .  | .  .  .  .  .  .  | .  d  os
read.sites                              --- | n  n  n  | n  | n  n  n  n  n  n  | n  n  n
read.catalogue                          --- | n  n  n  | n  | n  n  n  n  n  n  | n  n  n
read.programme                          --- | n  n  n  | n  | n  n  n  n  n  n  | n  n  n
read.measured                           --- | .  .  .  | .  | .  .  .  .  .  .  | n  .  .
read.calibration                        --- | .  .  .  | .  | .  .  .  o  o  o  | s  d  .
read.what_if                            --- | .  .  .  | .  | .  .  .  .  .  n  | n  n  .
read.roadmap                            --- | .  .  .  | .  | .  .  .  .  .  .  | n  n  .
read.ledger                             --- | n  n  n  | n  | n  n  n  n  n  n  | n  n  n
read.verification                       --- | .  .  .  | .  | .  .  .  n  n  .  | .  n  n
"""
