"""Which checks exist: the built-ins, by hand and in order, and the plug-ins."""

from __future__ import annotations

from assaymark.checks.answers.unanswered_prompts import UnansweredPrompts
from assaymark.checks.bias.counterfactual_decisions import CounterfactualDecisions
from assaymark.checks.bias.counterfactual_language import CounterfactualLanguage
from assaymark.checks.bias.counterfactual_toxicity import CounterfactualToxicity
from assaymark.checks.bias.decision_set import DecisionSet
from assaymark.checks.bias.hurtful_completions import HurtfulCompletions
from assaymark.checks.bias.open_ended_groups import OpenEndedGroups
from assaymark.checks.bias.prompted_toxicity import PromptedToxicity
from assaymark.checks.bias.pronoun_resolution import PronounResolution
from assaymark.checks.bias.question_answering import QuestionAnswering
from assaymark.checks.bias.stereotype_preference import StereotypePreference
from assaymark.checks.characters.hidden_characters import HiddenCharacters
from assaymark.checks.fairness.equal_opportunity import EqualOpportunity
from assaymark.checks.fairness.equalized_odds import EqualizedOdds
from assaymark.checks.fairness.group_calibration import GroupCalibration
from assaymark.checks.fairness.population_balance import PopulationBalance
from assaymark.checks.fairness.selection_rate_parity import SelectionRateParity
from assaymark.checks.harm.harmful_content import HarmfulContent
from assaymark.checks.injection.prompt_injection import PromptInjection
from assaymark.checks.licence.embedded_licences import EmbeddedLicences
from assaymark.checks.licence.generator_terms import GeneratorTerms
from assaymark.checks.licence.licence_agreement import LicenceAgreement
from assaymark.checks.licence.licence_attribution import LicenceAttribution
from assaymark.checks.licence.licence_identified import LicenceIdentified
from assaymark.checks.licence.licence_mixture import LicenceMixture
from assaymark.checks.licence.licence_permitted import LicencePermitted
from assaymark.checks.licence.licence_purpose import LicencePurpose
from assaymark.checks.licence.licence_restrictions import LicenceRestrictions
from assaymark.checks.pii.pii_exposure import PiiExposure
from assaymark.checks.provenance.annotation_provenance import AnnotationProvenance
from assaymark.checks.provenance.collection_dates import CollectionDates
from assaymark.checks.provenance.data_geography import DataGeography
from assaymark.checks.provenance.documents_agree import DocumentsAgree
from assaymark.checks.provenance.file_integrity import FileIntegrity
from assaymark.checks.provenance.model_files import ModelFiles
from assaymark.checks.provenance.opt_out_signals import OptOutSignals
from assaymark.checks.provenance.personal_data_declared import PersonalDataDeclared
from assaymark.checks.provenance.source_lineage import SourceLineage
from assaymark.checks.quality.benchmark_contamination import BenchmarkContamination
from assaymark.checks.quality.benchmark_substrings import BenchmarkSubstrings
from assaymark.checks.quality.boilerplate import Boilerplate
from assaymark.checks.quality.encoding_damage import EncodingDamage
from assaymark.checks.quality.exact_duplicates import ExactDuplicates
from assaymark.checks.quality.language import Language
from assaymark.checks.quality.near_duplicates import NearDuplicates
from assaymark.checks.quality.repetitive_text import RepetitiveText
from assaymark.checks.quality.text_length import TextLength
from assaymark.checks.quality.token_length import TokenLength
from assaymark.checks.quality.train_test_leakage import TrainTestLeakage
from assaymark.checks.records.record_health import RecordHealth
from assaymark.checks.secrets.secret_exposure import SecretExposure
from assaymark.checks.tables.constant_columns import ConstantColumns
from assaymark.checks.tables.empty_columns import EmptyColumns
from assaymark.checks.tables.k_anonymity import KAnonymity
from assaymark.checks.tables.l_diversity import LDiversity
from assaymark.checks.tables.label_balance import LabelBalance
from assaymark.checks.tables.personal_columns import PersonalColumns
from assaymark.checks.tables.schema_drift import SchemaDrift
from assaymark.contracts.check import CheckType
from assaymark.contracts.plugins import with_plugins

BUILTIN: tuple[CheckType, ...] = (
    RecordHealth,
    PiiExposure,
    SecretExposure,
    HarmfulContent,
    PromptInjection,
    HiddenCharacters,
    LicencePermitted,
    LicenceIdentified,
    LicencePurpose,
    LicenceMixture,
    LicenceAttribution,
    LicenceRestrictions,
    GeneratorTerms,
    LicenceAgreement,
    EmbeddedLicences,
    SourceLineage,
    FileIntegrity,
    ModelFiles,
    CollectionDates,
    OptOutSignals,
    PersonalDataDeclared,
    DataGeography,
    AnnotationProvenance,
    DocumentsAgree,
    PersonalColumns,
    KAnonymity,
    LDiversity,
    EmptyColumns,
    ConstantColumns,
    LabelBalance,
    SchemaDrift,
    SelectionRateParity,
    EqualOpportunity,
    EqualizedOdds,
    GroupCalibration,
    PopulationBalance,
    CounterfactualDecisions,
    CounterfactualLanguage,
    CounterfactualToxicity,
    QuestionAnswering,
    PronounResolution,
    StereotypePreference,
    PromptedToxicity,
    ExactDuplicates,
    NearDuplicates,
    OpenEndedGroups,
    HurtfulCompletions,
    DecisionSet,
    UnansweredPrompts,
    EncodingDamage,
    RepetitiveText,
    Boilerplate,
    TextLength,
    Language,
    TrainTestLeakage,
    BenchmarkContamination,
    BenchmarkSubstrings,
    TokenLength,
)


def installed_checks() -> dict[str, CheckType]:
    """Return every installed check by id.

    Raises:
        RegistryError: A plug-in does not load or takes an id that exists.
    """
    return with_plugins("assaymark.checks", BUILTIN, lambda each: each.meta.id)
