;;; rollout-mode.el --- Major mode for Rollout deployment plans  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, indentation, an index (imenu) and M-x compile for .rollout files.  Where Eglot is loaded,
;; `rolloutc lsp' is its language server for them; (add-hook 'rollout-mode-hook #'eglot-ensure) starts it, and
;; M-x rollout-run-scenario plays a scenario.

;;; Code:

(require 'seq)

(defgroup rollout nil
  "Rollout deployment plans."
  :group 'languages)

(defcustom rollout-indent-offset 2
  "How many blanks a block is indented by."
  :type 'integer
  :safe #'integerp)

(defconst rollout--declaration
  '("action" "channel" "check" "enum" "fn" "guards" "let" "metric" "param" "record" "role" "rollout" "scenario"
    "secret" "source" "stage" "use" "world")
  "Words that declare something.")

(defconst rollout--clause
  '("and" "or" "else" "then" "for" "until" "within" "every" "retry" "timeout" "by" "severity" "ack" "blind" "repeat"
    "unless" "over" "unit" "stale" "absent" "matching")
  "Words that may begin a line which goes on with the one before it.")

(defconst rollout--keyword
  '("ack" "acknowledge" "acknowledged" "after" "all" "always" "answer" "approve" "approved" "as" "ask" "at" "back"
    "baseline" "because" "before" "blind" "by" "called" "checklist" "contact" "crash" "critical" "description"
    "done" "during" "each" "else" "end" "environment" "error" "every" "exclusive" "expect" "expires" "failed" "fails"
    "failure" "fallback" "for" "freeze" "from" "hangs" "hold" "idempotent" "if" "incomplete" "info" "irreversible"
    "item" "link" "matching" "most" "never" "notified" "notify" "of" "on" "over" "owner" "parallel" "past" "plugin"
    "probe" "promote" "reached" "readonly" "reject" "repeat" "require" "requires" "rest" "resume" "retry" "return"
    "returns" "rolled" "rolling" "run" "sample" "samples" "service" "setting" "severity" "slots" "stale" "start"
    "starts" "succeeded" "succeeds" "success" "then" "tick" "timeout" "times" "to" "traffic" "undo" "unit" "unless"
    "until" "verify" "via" "warmup" "warning" "watch" "when" "window" "with" "within" "absent" "aborted" "paused"
    "and" "or" "not" "in" "is" "above" "below" "x" "day" "time")
  "The other words of the language.")

(defun rollout--words (words)
  "A pattern for WORDS where they are no names: not behind a dot, not called, assigned or a label."
  (concat "\\(?:^\\|[^.[:alnum:]_]\\)\\(" (regexp-opt words)
          "\\)\\(?:[^[:alnum:]_([.=: \t\n]\\|$\\|[ \t]+\\(?:[^=: \t\n]\\|$\\|==\\)\\)"))

(defun rollout--match-words (pattern)
  "A matcher for PATTERN that goes on right behind the word, so that the next one is found too."
  (lambda (limit)
    (when (let ((case-fold-search nil)) (re-search-forward pattern limit t))
      (goto-char (match-end 1))
      t)))

(defconst rollout-font-lock-keywords
  `(("\\_<\\(fn\\|metric\\|source\\|check\\|action\\|channel\\|guards\\)[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)"
     2 font-lock-function-name-face)
    ("\\_<\\(rollout\\|stage\\|world\\|enum\\|record\\)[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 2 font-lock-type-face)
    ("\\_<\\(param\\|secret\\|let\\|role\\)[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 2 font-lock-variable-name-face)
    (,(rollout--match-words (rollout--words rollout--declaration)) 1 font-lock-keyword-face)
    (,(rollout--match-words (rollout--words '("rollback" "abort" "pause" "continue"))) 1 font-lock-warning-face)
    (,(rollout--match-words (rollout--words rollout--keyword)) 1 font-lock-keyword-face)
    ("\\_<\\(?:true\\|false\\|missing\\)\\_>" . font-lock-constant-face)
    (":[ \t]*\\(\\(?:bool\\|number\\|ratio\\|duration\\|size\\|instant\\|string\\|command\\|json\\|secret\\|rate\\|time of day\\)\\)\\_>"
     1 font-lock-type-face)
    ("\\_<\\([[:alpha:]_][[:alnum:]_]*\\)(" 1 font-lock-function-name-face)
    ("\\_<\\([[:alpha:]_][[:alnum:]_]*\\)[ \t]*:" 1 font-lock-variable-name-face)
    ("\\_<[0-9][0-9_]*\\(?:[.:][0-9]+\\)*[[:alnum:]%]*\\(?:/[smhdw]\\)?" . font-lock-constant-face)
    ("\\${[^}\n]*}" 0 font-lock-variable-name-face prepend))
  "What `font-lock-mode' shows in plans.")

(defvar rollout-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?` "\"" table)
    (modify-syntax-entry ?' "." table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?% "." table)
    (modify-syntax-entry ?$ "." table)
    table)
  "Comments, strings and commands of plans.")

(defun rollout-syntax-propertize (start end)
  "Marks strings in three quotes between START and END as one string each."
  (goto-char start)
  (funcall
   (syntax-propertize-rules
    ("\"\"\"" (0 (ignore (rollout--mark-triple-quote)))))
   (point) end))

(defun rollout--mark-triple-quote ()
  "Makes the three quotes before point open or close a string, unless they stand in other text."
  (let* ((start (match-beginning 0))
         (state (save-excursion (syntax-ppss start)))
         (inside (nth 3 state)))
    (cond ((nth 4 state))
          ((eq inside t)
           (unless (eq (char-before start) ?\\)
             (put-text-property (1- (match-end 0)) (match-end 0) 'syntax-table (string-to-syntax "|"))))
          ((not inside)
           (put-text-property start (1+ start) 'syntax-table (string-to-syntax "|"))))))

(defun rollout--goes-on-p ()
  "Whether the line of point goes on with the statement before it."
  (save-excursion
    (back-to-indentation)
    (let* ((case-fold-search nil)
           (clause (looking-at (concat (regexp-opt rollout--clause 'symbols) "\\(?:[^([.]\\|$\\)")))
           (step (looking-at "\\(?:within\\|every\\)\\_>.*[{}][ \t]*\\(?:#.*\\)?$"))
           (check (looking-at "check\\_>"))
           (assigned (looking-at "[[:alpha:]_]+[ \t]*\\(?:=[^=]\\|:\\)")))
      (forward-line 0)
      (forward-comment (- (point)))
      (cond ((bobp) nil)
            (check (progn (back-to-indentation) (looking-at "item\\_>")))
            ((and clause (not step) (not assigned)) (not (memq (char-before) '(?{ ?\( ?\[ ?, ?\;))))
            (t (and (memq (char-before) '(?= ?+ ?* ?/ ?< ?> ?-)) t))))))

(defun rollout--indentation ()
  "The column of the line of point; nil in a string."
  (save-excursion
    (back-to-indentation)
    (let* ((state (save-excursion (syntax-ppss (line-beginning-position))))
           (open (nth 1 state))
           (closes (looking-at "[]})]")))
      (unless (nth 3 state)
        (+ (if open
               (save-excursion
                 (goto-char open)
                 (+ (current-indentation) (if closes 0 rollout-indent-offset)))
             0)
           (if (and (not closes) (rollout--goes-on-p)) rollout-indent-offset 0))))))

(defun rollout-indent-line ()
  "Indents the line of point; text in a string stays where it is."
  (interactive)
  (let ((column (rollout--indentation)))
    (if (null column)
        'noindent
      (if (<= (current-column) (current-indentation))
          (indent-line-to column)
        (save-excursion (indent-line-to column))))))

(defvar rollout-imenu-expression
  '(("Stages" "^[ \t]*stage[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 1)
    ("Metrics" "^metric[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 1)
    ("Checks" "^check[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 1)
    ("Actions" "^\\(?:[a-z]+[ \t]+\\)?action[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 1)
    ("Rollouts" "^rollout[ \t]+\\([[:alpha:]_][[:alnum:]_]*\\)" 1)
    ("Scenarios" "^scenario[ \t]+\"\\([^\"\n]*\\)\"" 1))
  "What `imenu' lists.")

;;;###autoload
(define-derived-mode rollout-mode prog-mode "Rollout"
  "Major mode for Rollout deployment plans."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'rollout-indent-line)
  (setq-local syntax-propertize-function #'rollout-syntax-propertize)
  (setq-local font-lock-defaults '(rollout-font-lock-keywords))
  (setq-local imenu-generic-expression rollout-imenu-expression)
  (setq-local electric-indent-chars (append "{}()[]" electric-indent-chars))
  (when buffer-file-name
    (setq-local compile-command
                (concat "rolloutc check --format short " (shell-quote-argument (file-name-nondirectory buffer-file-name))))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.rollout\\'" . rollout-mode))

(declare-function eglot-current-server "eglot")
(declare-function eglot--path-to-uri "eglot")
(declare-function eglot--signal-textDocument/didChange "eglot")
(declare-function jsonrpc-request "jsonrpc")

(defun rollout--scenarios ()
  "The names of the scenarios of this buffer, with where they begin, the last one first."
  (save-excursion
    (goto-char (point-min))
    (let (found)
      (while (re-search-forward "^[ \t]*scenario[ \t]+\"\\([^\"\n]*\\)\"" nil t)
        (push (cons (match-string-no-properties 1) (match-beginning 0)) found))
      found)))

(defun rollout--scenario-at-point ()
  "The name of the scenario that begins last in front of point."
  (car (seq-find (lambda (scenario) (<= (cdr scenario) (point))) (rollout--scenarios))))

(defun rollout-run-scenario (name)
  "Plays the scenario NAME of this plan on a virtual clock, through Eglot, and shows its timeline."
  (interactive
   (list (completing-read "Scenario: " (nreverse (rollout--scenarios)) nil t nil nil (rollout--scenario-at-point))))
  (let* ((server (or (and (fboundp 'eglot-current-server) (eglot-current-server))
                     (user-error "No language server runs for this plan: M-x eglot starts it")))
         (arguments `[(:uri ,(eglot--path-to-uri buffer-file-name) :scenario ,name)])
         (played (progn
                   (eglot--signal-textDocument/didChange)
                   (jsonrpc-request server :workspace/executeCommand
                                    `(:command "rollout.runScenario" :arguments ,arguments)))))
    (with-current-buffer (get-buffer-create "*rollout timeline*")
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (if (eq (plist-get played :passed) t) "passed" "FAILED") "\n")
        (mapc (lambda (failure) (insert "  " failure "\n")) (plist-get played :failures))
        (insert "\n" (plist-get played :text)))
      (special-mode)
      (goto-char (point-min))
      (display-buffer (current-buffer)))))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(rollout-mode . ("rolloutc" "lsp"))))

(provide 'rollout-mode)
;;; rollout-mode.el ends here
